// What a person says of two answers, for both parts of the page that show it: the verdict and what
// more there is to say. After clicks.js. Each click sends what it changes, and how.
const narrow = matchMedia('(max-width: 760px)');

// `times`: what is known of when both answers could be read, and how long that took.
function say(target, change, by = 'click', times = null) {
  const { comparison } = target.closest('[data-comparison]').dataset;
  const seen = document.querySelector(`#thread [data-comparison="${comparison}"] .why-this[open]`);
  send('judge', { comparison, again: false, judgment: {
    id: newId(),  // of this click: sent twice, it counts once
    changes: [change],
    by,
    decided_ms: times?.decided ?? null,
    shown_ms: times?.shown ?? null,
    layout: narrow.matches ? 'stacked' : 'side_by_side',
    evidence_open: seen !== null,
  } });
}

acts.judge = (button, by, times) => {
  press(button, button.closest('.judging').querySelectorAll('[data-act=judge]'));
  button.ariaPressed = 'true';  // pressed twice, it stays
  say(button, { about: 'verdict', value: button.dataset.verdict }, by, times);
};
acts.finish = (button) => { say(button, { about: 'finish', value: true }); };
acts.retry = (button) => {
  const { comparison } = button.closest('[data-comparison]').dataset;
  send('judge', { comparison, again: true });
};
