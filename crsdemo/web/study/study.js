// The leaves of a study, after clicks.js and next.js. `trigger` calls the handlers 'agree',
// 'decline', 'begin', 'answer', 'again', 'next', 'erase' and 'redraw'.

// What may take its time shows that it is being done.
function busy(button) {
  button.setAttribute('aria-busy', 'true');
  setTimeout(() => button.removeAttribute('aria-busy'), 5000);
  trigger(button.dataset.act, {});
}

Object.assign(acts, {
  begin: busy,
  erase: busy,
  again() { send('again', {}); },
  async copy(button) {
    const code = element.querySelector('#code');
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
    } catch {  // refused, or not there without https: then by hand
      getSelection().selectAllChildren(code);
    }
  },
});

element.addEventListener('change', ({ target }) => {
  const { questionnaire, about } = target.form.dataset;
  const isScale = target.closest('[data-kind=scale]') !== null;
  send('answer', { answer: {
    id: `${Date.now()}-${Math.random()}`,  // of this answer: sent twice, it counts once
    questionnaire, about, name: target.name, value: isScale ? Number(target.value) : target.value,
  } });
});

// In a question the keys 1, 2, 3 choose its first, second, third answer.
element.addEventListener('keydown', (event) => {
  const { key, target, ctrlKey, altKey, metaKey } = event;
  if (ctrlKey || altKey || metaKey || target.type !== 'radio') return;
  const chosen = target.closest('fieldset').querySelectorAll('input')[Number(key) - 1];
  if (!chosen) return;
  chosen.focus();
  chosen.click();
});

// Another page begins at its top, with its heading read aloud and nothing chosen that was chosen
// before: what is redrawn here keeps what the browser thinks of a field.
let step = null;
let isAsked = false;  // for what was left out
watch('value', () => {
  const now = element.querySelector('.leaf')?.dataset.step;
  const please = element.querySelector('.please:not(:empty)') !== null;
  if (please && !isAsked) element.querySelector('.missing :is(input, textarea)')?.focus();
  isAsked = please;
  if (!now || now === step) return;
  const isFirst = step === null;
  step = now;
  element.querySelectorAll('input, textarea').forEach((field) => {
    if (field.type === 'radio') field.checked = field.defaultChecked;
    else field.value = field.defaultValue;
  });
  if (isFirst) return;
  window.scrollTo(0, 0);
  element.querySelector('h2')?.focus({ preventScroll: true });
});
