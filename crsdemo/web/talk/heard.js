// What was understood of a message: it is taken back, or the message is said in other words.
Object.assign(acts, {
  hear({ dataset: { turn, kind, at, counts } }) {
    trigger('hear', { turn, kind, at: Number(at), counts: counts === 'true' });
    focusBox();
  },
  reword({ form }) {
    trigger('reword', { text: form.elements.reword.value });
    focusBox();
  },
});

element.addEventListener('keydown', (event) => {  // as in the box: Enter sends, with Shift it is a line
  const { target, key, shiftKey, isComposing } = event;
  if (target.name !== 'reword' || key !== 'Enter' || shiftKey || isComposing) return;
  event.preventDefault();
  acts.reword(target);
});
