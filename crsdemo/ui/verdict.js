// The verdict on the newest comparison, after clicks.js and judge.js: by click, or by the keys
// 1 to 5 while nothing is typed. `trigger` calls the handlers 'judge', 'pick' and 'redraw'.

// When both answers could first be read, in ms of this page. After a reload nobody knows.
const readable = new Map();
let waiting = false;

function isTyped(target) {
  return target.closest('input, textarea, select, [contenteditable]') !== null;
}

watch('value', () => {
  const row = element.querySelector('.judging');
  if (row && waiting && !readable.has(row.dataset.comparison)) {
    readable.set(row.dataset.comparison, performance.now());
    const box = document.querySelector('#box textarea');
    const idle = document.activeElement === box ? box.value === '' : !isTyped(document.activeElement);
    if (idle) row.focus({ preventScroll: true });  // the keys work at once
  }
  waiting = !row;
});

function decide(button, by) {
  const since = readable.get(button.closest('.judging').dataset.comparison);
  judge(button, by, 'verdict', since === undefined ? null : performance.now() - since);
}

const acts = {
  judge(button) { decide(button, 'click'); },
  retry(button) { judgeAgain(button, 'verdict'); },
  pick(button) {
    const { comparison, side } = button.dataset;
    send('pick', { origin: 'verdict', comparison, side });
    focusBox();
  },
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button) acts[button.dataset.act](button);
});

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyped(target)) return;
  const button = element.querySelector(`[data-act=judge][aria-keyshortcuts="${CSS.escape(key)}"]`);
  if (button) decide(button, 'key');
  else if (key.length === 1 && key.trim() && !target.closest('button, a, summary')) focusBox();
});
