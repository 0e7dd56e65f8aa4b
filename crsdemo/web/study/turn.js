// The way on below two replies, after next.js. After a verdict Enter goes on; where something is to
// be said, one can write at once.
let was = 'silent';
watch('value', () => {
  const way = element.querySelector('[data-act=next]');
  const now = way ? 'next' : element.querySelector('.no-words') ? 'silent' : 'write';
  if (now !== was) {
    requestAnimationFrame(() => {
      if (document.querySelector('#sheet h2')) return;
      way?.focus({ preventScroll: true });
      if (now === 'write') focusBox();
    });
  }
  was = now;
});
