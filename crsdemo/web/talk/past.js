// Earlier talks and the list of films, after acts.js.
acts.copy = async (button) => {
  const list = element.querySelector('.titles');
  const titles = [...list.children].map((one) => one.innerText.trim()).join('\n');
  try {
    await navigator.clipboard.writeText(titles);
  } catch {  // a page that is not served by https may not write there
    getSelection().selectAllChildren(list);
    document.execCommand('copy');
  }
  button.textContent = 'copied';
};
