// Clicks in a part of the page that the server draws. What is pressed shows at once; the server
// answers with what is true.
function press(button, group = []) {
  const on = button.ariaPressed !== 'true';
  group.forEach((other) => { other.ariaPressed = 'false'; });
  button.ariaPressed = String(on);
  return on;
}

// Clicks are counted, and the server says up to which one it has come: until it is the last,
// nothing is called saved. Those that were not answered outlive the page, which Gradio loads again
// after a lost network: they are sent once more, and a click that comes twice counts once.
const part = element.closest('[id]:not([id^="html-"])')?.id;  // Gradio's own ids change
const drawer = `crsdemo-clicks ${location.pathname} ${part}`;
const unanswered = new Map(JSON.parse(sessionStorage.getItem(drawer) || '[]'));
let sent = Math.max(0, ...unanswered.keys());
let again = unanswered.size > 0;
let newest = 0;
// Words as far as they are typed, by the id of their box: the answer to an earlier click does not take
// them away. Gradio would set the box to what is saved, and the browser then sees no change.
const typed = new Map();

function settle() {
  sessionStorage.setItem(drawer, JSON.stringify([...unanswered]));
  element.classList.toggle('saving', unanswered.has(sent));
}
function newId() { return `${Date.now()}-${Math.random()}`; }
function send(event, data) {
  sent += 1;
  unanswered.set(sent, [event, { ...data, origin: part, click: sent }]);
  settle();
  trigger(...unanswered.get(sent));
}
function sendAgain() { unanswered.forEach((click) => trigger(...click)); }

window.addEventListener('online', sendAgain);
watch('value', () => {
  const { moment = 0, click = 0 } = element.querySelector('[data-moment]')?.dataset ?? {};
  [...unanswered.keys()].filter((n) => n <= click).forEach((n) => unanswered.delete(n));
  settle();
  typed.forEach((words, id) => {
    const box = document.getElementById(id);  // none as long as a reply grows
    if (!box) return;
    box.value = words;
    box.closest('details')?.setAttribute('open', '');
  });
  if (moment < newest) trigger('redraw', {});  // an older view came after a newer one
  newest = Math.max(newest, moment);
  if (again && moment) sendAgain();  // now the server knows who is here
  again &&= !moment;
});

acts.mark = (button) => {
  const opposites = { up: 'down', down: 'up', want: 'not_for_me', not_for_me: 'want' };
  const opposite = opposites[button.dataset.kind];
  const group = button.parentElement.querySelectorAll(`[data-kind="${opposite}"]`);
  send('mark', { ...button.dataset, on: press(button, group) });
};

function isComment({ target: { name, type } }) { return name === 'comment' && type === 'text'; }
function sayComment(event) {
  if (isComment(event) && typed.delete(event.target.id)) acts.comment(event.target);
}
element.addEventListener('submit', (event) => event.preventDefault());
element.addEventListener('input', (event) => {
  if (event.target.id) typed.set(event.target.id, event.target.value);
});
element.addEventListener('focusout', sayComment);
element.addEventListener('keydown', (event) => { if (event.key === 'Enter') sayComment(event); });
