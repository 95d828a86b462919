// Small comforts on pages that all work without script.

for (const form of document.querySelectorAll("form[data-confirm]")) {
  form.addEventListener("submit", (event) => {
    if (!window.confirm(form.dataset.confirm)) event.preventDefault();
  });
}

// A second click while a form is on its way would only wait; the server would be right anyway.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 8000);
  });
}

document.querySelector("[data-focus]")?.focus();

// On a phone the menu of the brand's desk is one long row: it begins where the reader is.
const menu = document.querySelector(".side__nav");
const here = menu?.querySelector("[aria-current]");
if (here) menu.scrollLeft = here.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;

for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
  });
}

for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) continue;
  button.hidden = false;
  button.addEventListener("click", () =>
    navigator.share({ title: button.dataset.title, url: button.dataset.share }).catch(() => {}),
  );
}

for (const form of document.querySelectorAll("form[data-autosubmit]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

for (const stepper of document.querySelectorAll(".stepper")) {
  const input = stepper.querySelector("input");
  for (const button of stepper.querySelectorAll("button[data-step]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      const next = Number(input.value || 0) + Number(button.dataset.step);
      input.value = String(Math.min(Number(input.max), Math.max(Number(input.min), next)));
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
}

// A page that waits for something asks again by itself: for the part that waits, if it has an address
// of its own, else for the whole. When the part waits no more, the page around it is out of date.
const poll = document.querySelector("[data-poll]");
if (poll) {
  const wait = Number(poll.dataset.poll);
  const again = async (part) => {
    if (!part.dataset.part) return window.location.reload();
    const answer = await fetch(part.dataset.part).catch(() => null);
    if (!answer?.ok) return setTimeout(again, wait * 2, part);
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    const fresh = holder.content.querySelector("[data-poll]");
    if (!fresh) return window.location.reload();
    part.replaceWith(fresh);
    setTimeout(again, wait, fresh);
  };
  setTimeout(again, wait, poll);
}

// Pages are the same for everybody; what belongs to one visitor comes after them.
const cart = document.querySelector("[data-cart-badge]");
if (cart) {
  fetch(cart.dataset.cartBadge)
    .then((answer) => answer.json())
    .then(({ units }) => {
      if (!units || cart.querySelector(".top__count")) return;
      const badge = document.createElement("span");
      badge.className = "top__count";
      badge.textContent = units > 99 ? "99+" : String(units);
      cart.append(badge);
    })
    .catch(() => {});
}

const visited = document.querySelector("[data-visit]");
if (visited) fetch(visited.dataset.visit, { method: "POST", keepalive: true }).catch(() => {});

for (const all of document.querySelectorAll("[data-all]")) {
  const boxes = all.closest("form").querySelectorAll(`input[name="${all.dataset.all}"]`);
  all.hidden = false;
  all.addEventListener("change", (event) => {
    for (const box of boxes) box.checked = event.target.checked;
  });
}
