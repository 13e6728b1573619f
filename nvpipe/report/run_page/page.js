"use strict";
// Lines of the script lead to their moments in the video, and follow it while it plays.
for (const short of document.querySelectorAll(".short")) {
  const video = short.querySelector("video");
  const lines = [...short.querySelectorAll(".seek")];
  for (const line of lines) {
    line.disabled = !video;
    line.addEventListener("click", () => { video.currentTime = Number(line.dataset.at); video.play().catch(() => {}); });
  }
  if (video) video.addEventListener("timeupdate", () => {
    const now = lines.filter((line) => Number(line.dataset.at) <= video.currentTime + 0.05).pop();
    for (const line of lines) line.setAttribute("aria-current", String(line === now));
  });
}
const buttons = [...document.querySelectorAll("[data-show]")];
for (const button of buttons) button.addEventListener("click", () => {
  for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
  for (const short of document.querySelectorAll(".short"))
    short.hidden = button.dataset.show !== "all" && short.dataset.status !== button.dataset.show;
});
