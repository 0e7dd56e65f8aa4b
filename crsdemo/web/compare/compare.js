// The comparisons, after clicks.js, judge.js and reading.js.
Object.assign(acts, {
  select({ dataset: { comparison } }) { trigger('select', { comparison }); },
  comment(box) { say(box, { about: 'comment', value: box.value }); },
  tell(button) {
    const { about, side = null, value } = button.dataset;
    const on = press(button, button.parentElement.querySelectorAll('button'));
    say(button, { about, side, value: on ? Number(value) : null });
  },
  reason(button) {
    const { side, value } = button.dataset;
    say(button, { about: 'reason', side, value, on: press(button) });
  },
});

element.addEventListener('keydown', (event) => {
  const step = { ArrowLeft: 'previous', ArrowRight: 'next' }[event.key];
  if (!step || !event.target.closest('.options, .chips')) return;
  event.target[`${step}ElementSibling`]?.focus();
  event.preventDefault();
});

// What is open stays open when the server draws anew; side by side, the reasons of both answers
// open and close together.
const folds = new Map();  // by reply, or by comparison: whether it was opened or closed by hand
let lastOne = null;  // the newest comparison, and whether its names are told
let wasNamed = false;
element.addEventListener('toggle', ({ target }) => {
  const { reply, fold } = target.dataset;
  if (reply ?? fold) folds.set(reply ?? fold, target.open);
  if (!reply || narrow.matches) return;
  target.closest('.round').querySelectorAll('.why-this').forEach((other) => {
    other.open = target.open;
  });
}, true);
watch('value', () => {
  element.querySelectorAll('.why-this, .more').forEach((details) => {
    const { reply, fold } = details.dataset;
    if (reply && details.open) return;  // evidence that was asked for comes open
    details.open = folds.get(reply ?? fold) ?? details.open;
  });
  const last = [...element.querySelectorAll('.round')].at(-1);
  const now = last?.dataset.comparison ?? null;
  const isNamed = last?.querySelector('.revealed') != null;
  // Who they were stands above what one may say of it: the names come into sight.
  if (isNamed && !wasNamed && now === lastOne) last.scrollIntoView({ block: 'start' });
  lastOne = now;
  wasNamed = isNamed;
});
