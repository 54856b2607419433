/** A modal dialog: the browser's own <dialog>, which traps the focus and gives it back to where it was. */
import { html, useLayoutEffect, useRef } from '../lib.js';
import { IconButton } from './icon.js';
import { dialog } from './ui.js';

export function Modal({ title, children }) {
  const element = useRef();
  useLayoutEffect(() => {
    const { current } = element;
    current.showModal();
    return () => current.close();
  }, []);
  const close = () => (dialog.value = null);
  const onCancel = (event) => { // Escape; closed by taking it away, as by any other way
    event.preventDefault();
    close();
  };
  const onBackdrop = (event) => event.target === element.current && close();
  return html`<dialog ref=${element} class="modal" aria-labelledby="dialog-title"
      onCancel=${onCancel} onMouseDown=${onBackdrop}>
    <div class="modal-body">
      <header><h2 id="dialog-title" dir="auto">${title}</h2><${IconButton} icon="close" label="Close" onClick=${close} /></header>
      ${children}
    </div>
  </dialog>`;
}
