// Earlier talks and the list of films, after acts.js.
acts.copy = async (button) => {
  const list = element.querySelector('.titles');
  const titles = [...list.querySelectorAll('span')].map((one) => one.innerText.trim()).join('\n');
  button.textContent = await copied(titles, list) ? 'copied' : 'selected: copy it by hand';
};
