/**
 * Keeps what one reads in its place while messages come, go and change height around it, or keeps
 * to the bottom when one is there. Done by hand because browsers differ in scroll anchoring, and
 * none anchors at the very top, where older messages are put.
 */
const AT_BOTTOM = 32;

export class ScrollKeeper {
  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} content  holds the rows, each with data-row
   * @param {{canStick: () => boolean, onMove: (edges: {top: number, bottom: number, height: number}) => void}} options
   */
  constructor(scroller, content, { canStick, onMove }) {
    Object.assign(this, { scroller, content, canStick, onMove, stuck: true, row: null, offset: 0, top: 0 });
    this.observer = new ResizeObserver(() => scroller.isConnected && this.restore());
    this.observer.observe(scroller);
    this.observer.observe(content);
    this.listener = () => this.remember();
    scroller.addEventListener('scroll', this.listener, { passive: true });
  }

  stop() {
    this.observer.disconnect();
    this.scroller.removeEventListener('scroll', this.listener);
  }

  /** Notes the first row in sight and where it is. */
  remember() {
    const { scroller } = this;
    const rows = this.rows();
    if (!rows.length) return;
    const box = scroller.getBoundingClientRect();
    const top = scroller.scrollTop;
    this.top = top;
    const bottom = scroller.scrollHeight - scroller.clientHeight - top;
    this.stuck = bottom < AT_BOTTOM && this.canStick();
    this.row = rows.find((row) => row.getBoundingClientRect().bottom > box.top) || rows.at(-1);
    this.offset = this.row.getBoundingClientRect().top - box.top;
    this.onMove({ top, bottom, height: scroller.clientHeight });
  }

  /** Puts that row back to where it was, after something changed. */
  restore() {
    if (this.stuck && this.canStick()) this.toBottom();
    else if (this.row?.isConnected) {
      const scrolled = this.scroller.scrollTop - this.top; // by the person, the event is still to come
      const top = this.row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
      const shift = top - (this.offset - scrolled);
      if (Math.abs(shift) >= 1) this.scroller.scrollTop += shift;
    }
    this.remember();
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Shows a row: in the middle, or `fromTop` pixels below the upper edge. */
  reveal(row, fromTop = null) {
    this.stuck = false;
    const distance = row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    this.scroller.scrollTop += distance - (fromTop ?? (this.scroller.clientHeight - row.offsetHeight) / 2);
    this.remember();
  }

  /** The highest sequence number that is wholly in sight, or 0. */
  lastSeen() {
    const { bottom } = this.scroller.getBoundingClientRect();
    const seen = this.rows().findLast((row) => row.dataset.seq && row.getBoundingClientRect().bottom <= bottom + 4);
    return Number(seen?.dataset.seq || 0);
  }

  rows() {
    return [...this.content.querySelectorAll('[data-row]')];
  }
}
