// `trigger` calls the handler 'fresh'; the theme is a matter of the browser alone.

const chosen = localStorage.getItem('crsdemo-theme');
if (chosen) document.body.classList.toggle('dark', chosen === 'dark');

acts.theme = () => {
  const dark = document.body.classList.toggle('dark');
  localStorage.setItem('crsdemo-theme', dark ? 'dark' : 'light');
};
