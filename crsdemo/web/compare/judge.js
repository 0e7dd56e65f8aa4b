// What a person says of two answers, for both parts of the page that show it: the verdict and
// what more there is to say. After clicks.js. Each click sends what it changes, and how.

const narrow = matchMedia('(max-width: 760px)');

// `times`: what is known of when both answers could be read, and how long that took.
function say(part, origin, change, by, times) {
  const { comparison } = part.closest('[data-comparison]').dataset;
  const seen = document.querySelector(`#thread [data-comparison="${comparison}"] .why-this[open]`);
  send('judge', { origin, comparison, again: false, judgment: {
    id: `${Date.now()}-${Math.random()}`,  // of this click: sent twice, it counts once
    changes: [change],
    by,
    decided_ms: times?.decided ?? null,
    shown_ms: times?.shown ?? null,
    layout: narrow.matches ? 'stacked' : 'side_by_side',
    evidence_open: seen !== null,
  } });
}

function judge(button, origin, by, times) {
  button.closest('.judging').querySelectorAll('[data-act=judge]').forEach((other) => {
    other.setAttribute('aria-pressed', String(other === button));
  });
  say(button, origin, { about: 'verdict', value: button.dataset.verdict }, by, times);
}

function judgeAgain(button, origin) {
  const { comparison } = button.closest('[data-comparison]').dataset;
  send('judge', { origin, comparison, again: true });
}
