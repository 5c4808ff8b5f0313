/** The element of this id. */
export function byId(id) {
  return document.getElementById(id)
}

/** A new element. Text is always text: nothing that a server says becomes markup. */
export function element(tag, className, ...content) {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.append(...content)
  return made
}

/** A copy of what a `<template>` holds. */
export function copyOf(templateId) {
  return byId(templateId)?.content.firstElementChild.cloneNode(true)
}

/** `690` is `€6.90`. */
export function price(cents) {
  return (cents / 100).toLocaleString('en', { style: 'currency', currency: 'EUR' })
}

/** The time of day, with seconds. */
export function clock(time) {
  return new Date(time).toLocaleTimeString('en-GB')
}

/** `count(2, 'item')` is `2 items`. */
export function count(number, what) {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}

/** Resolves after so many milliseconds. */
export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
