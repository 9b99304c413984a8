// Fetches this page again every two seconds and replaces what may have changed; what is being typed stays.
const live = document.getElementById("live");
let seen = live && live.innerHTML;

async function look() {
  if (document.hidden || live.contains(document.activeElement)) return;
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("live");
  if (fresh && fresh.innerHTML !== seen) {
    seen = fresh.innerHTML;
    live.replaceChildren(...fresh.childNodes);
    offerToRead();
  }
}

if (live) setInterval(() => look().catch(() => {}), 2000);

// What a call reads out can be heard, where the browser has a voice.
function offerToRead() {
  if (!("speechSynthesis" in window)) return;
  for (const words of document.querySelectorAll(".said:not([data-heard])")) {
    words.dataset.heard = "no";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.textContent = "Nghe đọc";
    button.addEventListener("click", () => {
      speechSynthesis.cancel();
      const spoken = new SpeechSynthesisUtterance(words.firstChild.textContent);
      spoken.lang = "vi-VN";
      speechSynthesis.speak(spoken);
      words.dataset.heard = "yes";
    });
    words.append(" ", button);
  }
}

offerToRead();
