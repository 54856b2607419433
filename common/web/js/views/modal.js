/** A modal dialog: the browser's own <dialog>, which traps the focus and closes on Escape. The focus goes back to where it was. */
import { html, useEffect, useRef } from '../lib.js';
import { IconButton } from './icon.js';
import { dialog } from './ui.js';

export function Modal({ title, children, wide = false }) {
  const element = useRef();
  useEffect(() => {
    const before = document.activeElement;
    element.current.showModal();
    return () => before.isConnected && before.focus();
  }, []);
  const close = () => (dialog.value = null);
  const onBackdrop = (event) => event.target === element.current && close();
  return html`<dialog ref=${element} class=${wide ? 'modal wide' : 'modal'} aria-labelledby="dialog-title"
      onClose=${close} onMouseDown=${onBackdrop}>
    <div class="modal-body">
      <header><h2 id="dialog-title" dir="auto">${title}</h2><${IconButton} icon="close" label="Close" onClick=${close} /></header>
      ${children}
    </div>
  </dialog>`;
}
