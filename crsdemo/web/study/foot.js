// Leaving a study. `trigger` calls the handlers 'withdraw' and 'erase'.

const acts = {
  leave() { element.querySelector('dialog').showModal(); },
  stay() { element.querySelector('dialog').close(); },
  withdraw() { acts.stay(); trigger('withdraw', {}); },
  erase() { acts.stay(); trigger('erase', {}); },
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button) acts[button.dataset.act](button);
});
