// The leaves of a study, after clicks.js and next.js.

// What may take its time shows that it is being done.
function busy(button) {
  button.ariaBusy = 'true';
  setTimeout(() => { button.ariaBusy = 'false'; }, 5000);
  trigger(button.dataset.act, {});
}

Object.assign(acts, {
  begin: busy,
  erase: busy,
  again() { send('again', {}); },
  async copy(button) {
    const code = element.querySelector('#code');
    if (await copied(code.textContent, code)) button.textContent = 'Copied';
  },
});

element.addEventListener('change', ({ target }) => {
  const { name, value, form: { dataset: { questionnaire, about } } } = target;
  const isScale = target.closest('[data-kind=scale]');
  send('answer', { answer: {
    id: newId(),  // of this answer: sent twice, it counts once
    questionnaire, about, name, value: isScale ? Number(value) : value,
  } });
});

// In a question the keys 1, 2, 3 choose its first, second, third answer.
element.addEventListener('keydown', ({ key, target, ctrlKey, altKey, metaKey }) => {
  if (ctrlKey || altKey || metaKey || target.type !== 'radio') return;
  const chosen = target.form.elements[target.name][Number(key) - 1];
  chosen?.focus();
  chosen?.click();
});

// Another page begins at its top, with its heading read aloud and nothing chosen that was chosen
// before: what is redrawn here keeps what the browser thinks of a field.
let step = null;
let isRecalled = false;  // what was said is open
element.addEventListener('toggle', ({ target }) => {
  if (target.matches('.recalled')) isRecalled = target.open;
}, true);
let isAsked = false;  // for what was left out
watch('value', () => {
  const now = element.querySelector('.leaf')?.dataset.step;
  const please = element.querySelector('.please:not(:empty)') !== null;
  if (please && !isAsked) element.querySelector('.missing :is(input, textarea)')?.focus();
  isAsked = please;
  isRecalled &&= now === step;
  element.querySelectorAll('.recalled').forEach((recalled) => { recalled.open = isRecalled; });
  if (!now || now === step) return;
  const isFirst = step === null;
  step = now;
  element.querySelector('form')?.reset();
  if (isFirst) return;
  window.scrollTo(0, 0);
  element.querySelector('h2')?.focus({ preventScroll: true });
});
