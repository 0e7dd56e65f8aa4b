// A button says by `data-act` what it does. First of all scripts of a part of the page, whose HTML
// is in `element`: those that follow put what they know into `acts`. An act that none of them
// knows is the event of its name.
const acts = {};

function focusBox() {
  document.querySelector('#box textarea')?.focus({ preventScroll: true });
}

element.addEventListener('click', ({ target }) => {
  const button = target.closest('[data-act]');
  if (!button) return;
  const { act, ...data } = button.dataset;
  if (acts[act]) {
    acts[act](button);
  } else {
    trigger(act, data);
    focusBox();
  }
});
