// On a phone the evidence is folded under the conversation.

acts.fold = (button) => {
  button.setAttribute('aria-expanded', String(button.getAttribute('aria-expanded') !== 'true'));
  window.dispatchEvent(new Event('resize'));  // the picture learns its width
};
