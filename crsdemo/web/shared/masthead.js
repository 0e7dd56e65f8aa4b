// The theme is a matter of the browser alone.
const theme = localStorage.getItem('crsdemo-theme');
if (theme) document.body.classList.toggle('dark', theme === 'dark');

acts.theme = () => {
  const isDark = document.body.classList.toggle('dark');
  localStorage.setItem('crsdemo-theme', isDark ? 'dark' : 'light');
};
