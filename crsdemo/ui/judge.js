// A verdict on one comparison, for both parts of the page that show verdicts. After clicks.js.

const narrow = matchMedia('(max-width: 760px)');

function judge(button, by, origin, decided) {
  const row = button.closest('.judging');
  const { comparison } = row.dataset;
  const seen = document.querySelector(`#thread [data-comparison="${comparison}"] .why-this[open]`);
  row.querySelectorAll('[data-act=judge]').forEach((other) => {
    other.setAttribute('aria-pressed', String(other === button));
  });
  send('judge', { origin, comparison, again: false, judgment: {
    id: `${Date.now()}-${Math.random()}`,  // of this click: sent twice, it counts once
    verdict: button.dataset.verdict,
    by,
    decided_ms: decided,
    layout: narrow.matches ? 'stacked' : 'side_by_side',
    evidence_open: seen !== null,
  } });
}

function judgeAgain(button, origin) {
  send('judge', { origin, comparison: button.closest('.judging').dataset.comparison, again: true });
}
