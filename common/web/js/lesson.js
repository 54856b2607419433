/** The lesson page: the phase's README.md, rendered by the same sanitising library as messages. */
import { formatLesson } from './format.js';

const main = document.getElementById('lesson');

try {
  const answer = await fetch('/lesson.md');
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  const lesson = formatLesson(await answer.text());
  nameHeadings(lesson);
  lesson.querySelectorAll('img').forEach(onlyWhatIsServed);
  lesson.querySelectorAll('a[href]').forEach(onlyLinksThatLead);
  lesson.querySelectorAll('table, pre').forEach(scrollable);
  lesson.querySelector('h1')?.after(contents(lesson));
  main.replaceChildren(lesson);
  document.title = main.querySelector('h1')?.textContent || document.title;
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
} catch (error) {
  main.replaceChildren(element('p', { className: 'error', role: 'alert' }, `The lesson could not be read. ${error.message}`));
}

function element(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

/** Headings get the names that GitHub gives them, so that links inside the document work here too. */
function nameHeadings(lesson) {
  lesson.querySelectorAll('h1, h2, h3').forEach((heading) => {
    heading.id = heading.textContent.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replace(/\s/g, '-');
  });
}

function contents(lesson) {
  const links = [...lesson.querySelectorAll('h2')].map((heading) =>
    element('a', { href: `#${heading.id}` }, heading.textContent));
  return element('nav', { className: 'contents', ariaLabel: 'Contents' }, ...links);
}

/** The page has the phase's picture; other images are in the repository only. */
function onlyWhatIsServed(image) {
  const name = image.getAttribute('src').split('/').at(-1);
  if (name === 'architecture.svg') image.src = '/architecture.svg';
  else image.replaceWith(element('em', {}, image.alt));
}

/** A link to a file of the repository leads nowhere here, so its target is named instead. */
function onlyLinksThatLead(link) {
  const href = link.getAttribute('href');
  if (/^(https?:|mailto:|#|\/)/.test(href)) return;
  link.replaceWith(element('span', { title: `In the repository: ${href}` }, ...link.childNodes));
}

/** What is wider than the page scrolls by itself, by keyboard too. */
function scrollable(wide) {
  if (wide.matches('pre')) return void (wide.tabIndex = 0);
  const frame = element('div', { className: 'table', tabIndex: 0 });
  wide.replaceWith(frame);
  frame.append(wide);
}
