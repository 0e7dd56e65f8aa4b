// Reading begins at the message: a new one comes to the top and stays there while it is answered; the
// first of all stands below what belongs to it. What is said of the answers moves nothing.
const scroller = document.querySelector('#conversation');
const live = document.querySelector('#live');
let current = null;  // the message that is read
let isAway = false;  // the reader has scrolled to something else

function toMessage() {
  const messages = scroller.querySelectorAll('.round:has(> .said-by-user)');
  if (messages.length > 1) return [...messages].at(-1).scrollIntoView({ block: 'start' });
  scroller.scrollTop = 0;
  window.scrollTo(0, 0);
}
for (const hand of ['wheel', 'touchmove']) {
  scroller.addEventListener(hand, () => { isAway = true; }, { passive: true });
}
new MutationObserver(() => {
  const rounds = [...element.querySelectorAll('.round')];
  const isGrowing = live.querySelector('.round') !== null;
  const now = isGrowing ? 'growing' : rounds.at(-1)?.dataset.comparison ?? rounds.length;
  if (now === current && !isGrowing) return;
  if (isGrowing && now !== current) isAway = false;
  current = now;
  if (!isAway) toMessage();
}).observe(scroller, { childList: true, subtree: true, characterData: true });
