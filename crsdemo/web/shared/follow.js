// The newest words stay in sight unless the reader has scrolled up; a new message always comes into
// sight. On a phone the whole page scrolls, and only for words.
const scroller = document.querySelector('#conversation');
const live = document.querySelector('#live');
let atEnd = true;
let growing = false;

scroller.addEventListener('scroll', () => {
  atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120;
});
new MutationObserver((changes) => {
  const hasWords = live.textContent.trim() !== '';
  atEnd ||= hasWords && !growing;
  growing = hasWords;
  if (getComputedStyle(scroller).overflowY === 'auto') {
    if (atEnd) scroller.scrollTop = scroller.scrollHeight;
  } else if (growing && changes.some(({ target }) => live.contains(target))) {
    live.scrollIntoView({ block: 'end' });
  }
}).observe(scroller, { childList: true, subtree: true, characterData: true });
