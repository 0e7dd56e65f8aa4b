// Events of the comparisons, after clicks.js, judge.js and follow.js. `trigger` calls the handlers
// 'wish', 'select', 'mark', 'judge' and 'redraw'.

const acts = {
  wish(button) { trigger('wish', { text: button.dataset.text }); focusBox(); },
  select(button) { trigger('select', { comparison: button.dataset.comparison }); },
  judge(button) { judge(button, 'click', 'thread', null); },
  retry(button) { judgeAgain(button, 'thread'); },
  mark(button) {
    const { reply, item, kind } = button.dataset;
    send('mark', { origin: 'thread', reply, item, kind, on: press(button, []) });
  },
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button) acts[button.dataset.act](button);
});

// What is open stays open when the server draws anew; side by side, the reasons of both answers
// open and close together.
const opened = new Set();
let nRounds = 0;
element.addEventListener('toggle', ({ target }) => {
  const { reply } = target.dataset;
  if (!reply) return;
  if (target.open) opened.add(reply); else opened.delete(reply);
  if (narrow.matches) return;
  target.closest('.round').querySelectorAll('.why-this').forEach((other) => {
    other.open = target.open;
  });
}, true);
watch('value', () => {
  element.querySelectorAll('.why-this').forEach((details) => {
    if (opened.has(details.dataset.reply)) details.open = true;
  });
  const rounds = element.querySelectorAll('.round');
  // On a phone the message comes into sight again: its answers are read one after the other.
  if (narrow.matches && nRounds && rounds.length > nRounds) {
    rounds[rounds.length - 1].scrollIntoView({ block: 'start' });
  }
  nRounds = rounds.length;
});
