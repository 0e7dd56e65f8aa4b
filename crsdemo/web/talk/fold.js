// On a phone the evidence is folded under the conversation.

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const open = button.getAttribute('aria-expanded') !== 'true';
  button.setAttribute('aria-expanded', String(open));
  window.dispatchEvent(new Event('resize'));  // the picture learns its width
});
