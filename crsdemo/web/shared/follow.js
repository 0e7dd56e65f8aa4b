// The newest words stay in sight unless the reader has scrolled up; a new message comes into
// sight always. On a phone it is the whole page that scrolls, and only words make it do so; where
// one answer stands above the other, it stays with the message, at which reading begins.
const scroller = document.querySelector('#conversation');
const live = document.querySelector('#live');
let atEnd = true;
let growing = false;

function follow(changes) {
  const began = !growing && live.textContent.trim() !== '';
  growing = live.textContent.trim() !== '';
  if (began) atEnd = true;
  if (getComputedStyle(scroller).overflowY === 'auto') {
    if (atEnd) scroller.scrollTop = scroller.scrollHeight;
  } else if (growing && changes.some((change) => live.contains(change.target))) {
    const two = live.querySelector('.columns') !== null;
    live.scrollIntoView({ block: two ? 'start' : 'end' });
  }
}

scroller.addEventListener('scroll', () => {
  atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 120;
});
new MutationObserver(follow).observe(scroller, {
  childList: true, subtree: true, characterData: true,
});
