// 'fresh' begins a new conversation; the theme is a matter of the browser alone.

const chosen = localStorage.getItem('crsdemo-theme');
if (chosen) document.body.classList.toggle('dark', chosen === 'dark');

element.addEventListener('click', (event) => {
  const act = event.target.closest('[data-act]')?.dataset.act;
  if (act === 'fresh') {
    trigger('fresh', {});
    document.querySelector('#box textarea')?.focus();
  }
  if (act === 'theme') {
    const dark = document.body.classList.toggle('dark');
    localStorage.setItem('crsdemo-theme', dark ? 'dark' : 'light');
  }
});
