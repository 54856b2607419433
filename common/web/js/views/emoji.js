/** A small emoji picker. Names make them findable and are what a screen reader says. */
import { html, useState } from '../lib.js';
import { moveFocus } from './keys.js';
import { Modal } from './modal.js';
import { dialog } from './ui.js';

const EMOJI = `👍 thumbs up|❤️ heart|😂 tears of joy|🎉 party|👀 eyes|🙏 thanks|✅ done|🚀 rocket|😀 grin|😄 smile|😅 sweat|😉 wink
😊 blush|😍 heart eyes|🤩 star eyes|😘 kiss|😎 cool|🤓 nerd|🤔 thinking|🤨 raised eyebrow|😐 neutral|🙄 rolling eyes|😬 grimace|😴 asleep
😢 crying|😭 sobbing|😡 angry|🤯 mind blown|😱 scream|🥳 celebrating|🥺 pleading|🤗 hug|🤷 shrug|🤦 facepalm|👎 thumbs down|👏 clapping
🙌 raised hands|👋 wave|🤝 handshake|💪 strong|✌️ peace|👌 ok|🤞 fingers crossed|🫡 salute|💯 hundred|🔥 fire|✨ sparkles|⭐ star
💡 idea|⚡ fast|🐛 bug|🔧 wrench|📌 pin|📈 going up|📉 going down|⏰ alarm|☕ coffee|🍕 pizza|🍰 cake|🍺 beer
🌈 rainbow|☀️ sun|🌙 moon|❄️ snow|🐱 cat|🐶 dog|🦄 unicorn|🐢 turtle|💔 broken heart|💚 green heart|💙 blue heart|❓ question
❗ exclamation|❌ no|⚠️ warning|🔒 locked|🎂 birthday|🎁 present|🏆 trophy|🎵 music|📎 paperclip|📷 camera|💬 talking|🫠 melting`
  .split(/[|\n]/).map((entry) => entry.match(/(\S+) (.+)/).slice(1));

export function Emoji({ pick }) {
  const [query, setQuery] = useState('');
  const found = EMOJI.filter(([, name]) => name.includes(query.trim().toLowerCase()));
  const choose = (emoji) => {
    dialog.value = null;
    pick(emoji);
  };
  const onKeyDown = (event) => {
    const sideways = { ArrowLeft: 'ArrowUp', ArrowRight: 'ArrowDown' }[event.key];
    const inField = event.target.matches('input');
    if (event.key === 'Enter' && inField && found.length) choose(found[0][0]);
    else if (!inField || event.key === 'ArrowDown') moveFocus(sideways ? step(event, sideways) : event, '.emoji input, .emoji button');
  };
  return html`<${Modal} title="Pick an emoji"><div class="emoji" onKeyDown=${onKeyDown}>
    <input type="search" autofocus placeholder="Search" aria-label="Search emoji" value=${query} onInput=${(event) => setQuery(event.target.value)} />
    <div class="grid">${found.map(([emoji, name]) => html`<button type="button" key=${emoji} aria-label=${name} title=${name}
      onClick=${() => choose(emoji)}>${emoji}</button>`)}</div>
    ${!found.length && html`<p class="hint" role="status">Nothing is called that.</p>`}
  </div><//>`;
}

/** The same event as if another arrow had been pressed. */
const step = (event, key) => ({ key, target: event.target, preventDefault: () => event.preventDefault() });
