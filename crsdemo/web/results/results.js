// Moments are shown as the reader's own clock and calendar have them.

const page = document.querySelector('#results');

function localise() {
  for (const time of page.querySelectorAll('time[datetime]:not([data-local])')) {
    const moment = new Date(time.dateTime);
    time.dataset.local = '';
    time.textContent = moment.toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' });
  }
}

new MutationObserver(localise).observe(page, { childList: true, subtree: true });
localise();
