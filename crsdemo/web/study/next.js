// Turning a page of a study: once, and not before all that was clicked on it is saved, or the
// answer to such a click would turn it back. `trigger` calls the handler 'next'.

const PATIENCE = 10_000;  // ms; then the server says what is wrong
let turned = -Infinity;

acts.next = () => {
  const now = performance.now();
  if (now - turned < PATIENCE) return;
  turned = now;
  (function look() {
    const isSaving = document.querySelector('.saving') !== null;
    if (isSaving && performance.now() - now < PATIENCE) setTimeout(look, 30);
    else trigger('next', {});
  })();
};
watch('value', () => { if (!document.querySelector('.saving')) turned = -Infinity; });
