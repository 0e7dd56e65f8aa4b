// Clicks in a part of the page that the server draws. Runs once, before the script of that part;
// `element` holds its HTML. What is pressed shows at once; the server answers with what is true.

function press(button, group) {
  const on = button.getAttribute('aria-pressed') !== 'true';
  group.forEach((other) => other.setAttribute('aria-pressed', 'false'));
  button.setAttribute('aria-pressed', String(on));
  return on;
}

// Clicks are counted, and the server says up to which one it has come: until it is the last,
// nothing is called saved.
let sent = 0;
let settled = 0;
function send(event, data) {
  sent += 1;
  element.classList.add('saving');
  trigger(event, { ...data, click: sent });
}
let newest = 0;
watch('value', () => {
  const { moment, click } = element.querySelector('[data-moment]')?.dataset || {};
  settled = Math.max(settled, Number(click || 0));
  element.classList.toggle('saving', settled < sent);
  if (Number(moment) < newest) trigger('redraw', {});  // an older view came after a newer one
  newest = Math.max(newest, Number(moment || 0));
});

function focusBox() {
  document.querySelector('#box textarea')?.focus({ preventScroll: true });
}
