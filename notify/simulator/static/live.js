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
  }
}

if (live) setInterval(() => look().catch(() => {}), 2000);
