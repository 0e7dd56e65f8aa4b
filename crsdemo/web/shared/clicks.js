// Clicks in a part of the page that the server draws. What is pressed shows at once; the server
// answers with what is true.

function press(button, group = []) {
  const on = button.getAttribute('aria-pressed') !== 'true';
  group.forEach((other) => other.setAttribute('aria-pressed', 'false'));
  button.setAttribute('aria-pressed', String(on));
  return on;
}

// Clicks are counted, and the server says up to which one it has come: until it is the last,
// nothing is called saved.
// Clicks that were not answered outlive the page, which Gradio loads again after a lost network:
// then they are sent once more, and a click that comes twice counts once.
const part = element.closest('[id]:not([id^="html-"])')?.id;  // Gradio's own ids change
const drawer = `crsdemo-clicks ${location.pathname} ${part}`;
const unanswered = new Map(JSON.parse(sessionStorage.getItem(drawer) || '[]'));
let sent = Math.max(0, ...unanswered.keys());
let settled = 0;
let again = unanswered.size > 0;
function remember() { sessionStorage.setItem(drawer, JSON.stringify([...unanswered])); }
function send(event, data) {
  sent += 1;
  unanswered.set(sent, [event, { ...data, origin: part, click: sent }]);
  remember();
  element.classList.add('saving');
  trigger(...unanswered.get(sent));
}
function sendAgain() { unanswered.forEach((click) => trigger(...click)); }
window.addEventListener('online', sendAgain);
let newest = 0;
watch('value', () => {
  const { moment, click } = element.querySelector('[data-moment]')?.dataset || {};
  settled = Math.max(settled, Number(click || 0));
  [...unanswered.keys()].filter((n) => n <= settled).forEach((n) => unanswered.delete(n));
  remember();
  element.classList.toggle('saving', settled < sent);
  if (Number(moment) < newest) trigger('redraw', {});  // an older view came after a newer one
  newest = Math.max(newest, Number(moment || 0));
  if (again && moment) sendAgain();  // now the server knows who is here
  again &&= !moment;
});

acts.mark = (button) => send('mark', { ...button.dataset, on: press(button) });

element.addEventListener('submit', (event) => event.preventDefault());
element.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !event.target.matches('input[type=text][name=comment]')) return;
  event.preventDefault();
  event.target.blur();  // what was typed is saved now
  event.target.focus();
});
