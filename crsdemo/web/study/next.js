// Turning a page of a study: once, and not before all that was clicked on it is saved, or the answer
// to such a click would turn it back.
const PATIENCE = 10_000;  // ms; then the server says what is wrong
let turned = -Infinity;
function isSaving() { return document.querySelector('.saving') !== null; }

acts.next = () => {
  const since = performance.now();
  if (since - turned < PATIENCE) return;
  turned = since;
  (function look() {
    if (isSaving() && performance.now() - since < PATIENCE) setTimeout(look, 30);
    else trigger('next', {});
  })();
};
watch('value', () => { if (!isSaving()) turned = -Infinity; });
