// What a person says of two answers, for both parts of the page that show it: the verdict and
// what more there is to say. After clicks.js. Each click sends what it changes, and how.
// `trigger` calls the handler 'judge'.

const narrow = matchMedia('(max-width: 760px)');

// `times`: what is known of when both answers could be read, and how long that took.
function say(target, change, by = 'click', times = null) {
  const { comparison } = target.closest('[data-comparison]').dataset;
  const seen = document.querySelector(`#thread [data-comparison="${comparison}"] .why-this[open]`);
  send('judge', { comparison, again: false, judgment: {
    id: `${Date.now()}-${Math.random()}`,  // of this click: sent twice, it counts once
    changes: [change],
    by,
    decided_ms: times?.decided ?? null,
    shown_ms: times?.shown ?? null,
    layout: narrow.matches ? 'stacked' : 'side_by_side',
    evidence_open: seen !== null,
  } });
}

function judge(button, by, times) {
  const others = button.closest('.judging').querySelectorAll('[data-act=judge]');
  others.forEach((other) => other.setAttribute('aria-pressed', String(other === button)));
  say(button, { about: 'verdict', value: button.dataset.verdict }, by, times);
}

acts.judge = judge;
acts.retry = (button) => {
  const { comparison } = button.closest('[data-comparison]').dataset;
  send('judge', { comparison, again: true });
};
