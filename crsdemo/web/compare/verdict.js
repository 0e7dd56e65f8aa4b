// The verdict on the newest comparison, after clicks.js and judge.js: by click, or by the keys 1 to 6
// while nothing is typed.

// When both answers could first be read, in ms since 1970, and how long after their message. A reload
// keeps it; whoever opens the page anew later begins to read then.
const notes = `crsdemo-readable ${location.pathname}`;
const readable = new Map(JSON.parse(sessionStorage.getItem(notes) || '[]'));
let asked = null;  // when the message that is being answered was taken
let isOpen = false;  // the page was drawn: replies that come later are seen as they come

function isTyped(target) { return target.closest('input, textarea, select') !== null; }

watch('value', () => {
  const row = element.querySelector('.judging');
  const now = Date.now();
  if (row && !readable.has(row.dataset.comparison)) {
    readable.set(row.dataset.comparison, { since: now, shown: asked && Math.max(0, now - asked) });
    sessionStorage.setItem(notes, JSON.stringify([...readable].slice(-9)));
    const { activeElement } = document;
    const idle = activeElement.closest('#box') ? activeElement.value === '' : !isTyped(activeElement);
    // The keys work at once, and Enter gives the verdict that is offered
    if (isOpen && idle) (row.querySelector('.offered') ?? row).focus({ preventScroll: true });
  }
  if (element.querySelector('.waiting')) asked ??= now; else asked = null;
  isOpen ||= element.querySelector('[data-moment]') !== null;
});

const { judge } = acts;
acts.judge = (button, by = 'click') => {
  const times = readable.get(button.closest('.judging').dataset.comparison);
  const decided = Math.max(0, Date.now() - times.since);  // the clock may have been set back
  judge(button, by, { decided, shown: times.shown });
};
acts.pick = (button) => {
  send('pick', { ...button.dataset });
  focusBox();
};

document.addEventListener('keydown', (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTyped(target)) return;
  const button = element.querySelector(`[data-act=judge][aria-keyshortcuts="${CSS.escape(key)}"]:enabled`);
  if (button) acts.judge(button, 'key');
  else if (key.length === 1 && key.trim() && !target.closest('button, a, summary')) focusBox();
});
