// First of all scripts of a part of the page, whose HTML is in `element`. A button says by `data-act`
// what it does: what the scripts that follow put into `acts`, or else the event of that name.
// Gradio binds only events whose quoted names stand here: 'fresh', 'wish', 'again', 'undo', 'select',
// 'redraw', 'rate', 'mark', 'judge', 'pick', 'next', 'agree', 'decline', 'begin', 'answer', 'erase',
// 'withdraw', 'reopen', 'hear', 'reword', 'unwant'.
const acts = {
  open() { element.querySelector('dialog').showModal(); },
  fold(button) {
    button.ariaExpanded = String(button.ariaExpanded !== 'true');
    window.dispatchEvent(new Event('resize'));  // the picture learns its width
    if (button.ariaExpanded === 'true') comeIntoView(button);
  },
};

function comeIntoView(part) {
  setTimeout(() => part.scrollIntoView({ block: 'start' }), 200);  // once the evidence is there
}

function focusBox() {
  document.querySelector('#box textarea')?.focus({ preventScroll: true });
}

// Whether a text is in the clipboard now. Where that is refused, as without https, the part of the page
// that shows it is selected, to be copied by hand.
async function copied(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(shown);
    return document.execCommand('copy');
  }
}

element.addEventListener('click', ({ target }) => {
  const button = target.closest('[data-act]');
  if (!button) return;
  const { act, ...data } = button.dataset;
  if (acts[act]) return acts[act](button);
  trigger(act, data);
  focusBox();
});
