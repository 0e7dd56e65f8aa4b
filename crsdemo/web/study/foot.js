// Leaving a study. `trigger` calls the handlers 'withdraw' and 'erase'.

const dialog = () => element.querySelector('dialog');
Object.assign(acts, {
  leave() { dialog().showModal(); },
  stay() { dialog().close(); },
  withdraw() { dialog().close(); trigger('withdraw', {}); },
  erase() { dialog().close(); trigger('erase', {}); },
});
