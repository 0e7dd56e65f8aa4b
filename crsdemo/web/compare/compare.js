// Events of the comparisons, after clicks.js, judge.js and follow.js. `trigger` calls the handlers
// 'wish', 'select', 'mark', 'judge' and 'redraw'.

const acts = {
  wish(button) { trigger('wish', { text: button.dataset.text }); focusBox(); },
  select(button) { trigger('select', { comparison: button.dataset.comparison }); },
  judge(button) { judge(button, 'thread', 'click'); },
  retry(button) { judgeAgain(button, 'thread'); },
  tell(button) {
    const { about, side = null, value } = button.dataset;
    const on = press(button, button.parentElement.querySelectorAll('button'));
    say(button, 'thread', { about, side, value: on ? Number(value) : null }, 'click');
  },
  reason(button) {
    const { side, value } = button.dataset;
    say(button, 'thread', { about: 'reason', side, value, on: press(button, []) }, 'click');
  },
  mark(button) {
    const { reply, item, kind } = button.dataset;
    send('mark', { origin: 'thread', reply, item, kind, on: press(button, []) });
  },
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button) acts[button.dataset.act](button);
});
element.addEventListener('submit', (event) => event.preventDefault());
element.addEventListener('change', ({ target }) => {
  if (target.name !== 'comment') return;
  say(target, 'thread', { about: 'comment', value: target.value }, 'click');
});
element.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (key === 'Enter' && target.name === 'comment') {
    event.preventDefault();
    target.blur();  // what was typed is saved now
    target.focus();
  }
  const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const row = target.closest('.options, .chips');
  if (!step || !row) return;
  const buttons = [...row.querySelectorAll('button')];
  buttons[buttons.indexOf(target) + step]?.focus();
  event.preventDefault();
});

// What is open stays open when the server draws anew; side by side, the reasons of both answers
// open and close together.
const opened = new Set();
const folds = new Map();  // forms that were opened or closed by hand
let nRounds = 0;
let nNamed = 0;
element.addEventListener('toggle', ({ target }) => {
  const { reply, fold } = target.dataset;
  if (fold) folds.set(fold, target.open);
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
  element.querySelectorAll('[data-fold]').forEach((details) => {
    if (folds.has(details.dataset.fold)) details.open = folds.get(details.dataset.fold);
  });
  const rounds = element.querySelectorAll('.round');
  // On a phone the message comes into sight again: its answers are read one after the other.
  if (narrow.matches && nRounds && rounds.length > nRounds) {
    rounds[rounds.length - 1].scrollIntoView({ block: 'start' });
  }
  // Who they were stands above what one may say of it: the names come into sight.
  const named = [...rounds].filter((round) => round.querySelector('.revealed')).length;
  const last = rounds[rounds.length - 1];
  if (named > nNamed && nRounds === rounds.length && last.querySelector('.revealed')) {
    requestAnimationFrame(() => last.scrollIntoView({ block: 'start' }));  // after follow.js
  }
  nNamed = named;
  nRounds = rounds.length;
});
