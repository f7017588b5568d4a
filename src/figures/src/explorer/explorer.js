// The explorer: a reader chooses packets, and this shows them. What it shows is
// markup that came with the page, with slots for the bytes and values of a packet;
// the only things made here are lists and the places of what is put into them.
'use strict';
(() => {

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const piece = id => $(id).content.cloneNode(true);
const say = (root, slot, text) => all(`[data-slot=${slot}]`, root).forEach(at => { at.textContent = text; });

// The capture: columns of numbers, by packet or by group, and texts by number.
let data, at, ordinal, members, chunks, spoken;
// What the reader chose: the two interfaces, the filter, the rows, and a packet.
const folded = new Set();
let shown = [], wanted = () => true, filter = { tshark: '' }, rows = [], chosen = null;

function read() {
  data = JSON.parse($('#data').textContent);
  const count = data.at.length;
  at = data.interfaces.map(() => []);
  members = data.fate.map(() => []);
  ordinal = new Array(count);
  for (let packet = 0; packet < count; packet++) {
    ordinal[packet] = at[data.at[packet]].push(packet);
    members[data.group[packet]].push(packet);
  }
  chunks = new Map();
  spoken = [];
  data.differing = Object.keys(data.differs).map(Number).sort((one, two) => one - two);
}

const text = number => data.strings[number];
const lost = packet => data.fate[data.group[packet]];
const name = packet => `${data.places[data.at[packet]]}-${ordinal[packet]}`;
const seconds = packet => (data.time[packet] / 1e6).toFixed(6);

// What is only read when a packet is chosen: its shape, its values, its bytes.
function details(packet) {
  const which = Math.floor(packet / data.chunk), nth = packet % data.chunk;
  // Of a large capture, all at once would fill the memory.
  if (!chunks.has(which) && chunks.size > 3) chunks.clear();
  if (!chunks.has(which)) chunks.set(which, JSON.parse($(`#chunk-${which}`).textContent));
  const chunk = chunks.get(which);
  return {
    layers: data.shapes[chunk.shape[nth]],
    values: chunk.values[nth].map(value => chunk.strings[value]),
    bytes: atob(chunk.head[nth]) + atob(chunk.strings[chunk.tail[nth]]),
  };
}

// --- The two lists --------------------------------------------------------

// Lays two lists side by side. Packets of one group are in one row, as many of them
// as leave both lists in their order; the others are in rows of their own, by time.
function sideBySide(left, right) {
  const places = new Map();
  right.forEach((packet, place) => {
    const group = data.group[packet];
    places.has(group) ? places.get(group).push(place) : places.set(group, [place]);
  });
  const pairs = [];
  left.forEach((packet, place) => {
    const other = places.get(data.group[packet])?.shift();
    if (other !== undefined) pairs.push([place, other]);
  });
  const result = [];
  let one = 0, two = 0;
  const alone = (to, end) => {
    while (one < to || two < end) {
      const first = two >= end || one < to && data.time[left[one]] <= data.time[right[two]];
      result.push(first ? [left[one++], null] : [null, right[two++]]);
    }
  };
  for (const [place, other] of inOrder(pairs)) {
    alone(place, other);
    result.push([left[one++], right[two++]]);
  }
  alone(left.length, right.length);
  return result;
}

// The longest part of the pairs in which the second numbers grow too.
function inOrder(pairs) {
  const ends = [], before = [];
  pairs.forEach(([, other], place) => {
    let low = 0, high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      pairs[ends[middle]][1] < other ? low = middle + 1 : high = middle;
    }
    before[place] = ends[low - 1];
    ends[low] = place;
  });
  const result = [];
  for (let place = ends.at(-1); place !== undefined; place = before[place]) result.push(pairs[place]);
  return result.reverse();
}

function arrange() {
  const lists = shown.map(place => at[place].filter(wanted));
  rows = lists.length > 1 ? sideBySide(...lists) : lists[0].map(packet => [packet]);
  const view = $('#view');
  view.setAttribute('aria-rowcount', rows.length);
  view.classList.toggle('one', shown.length < 2);
  view.classList.toggle('ipv6', rows.some(row => row.some(packet => packet !== null && text(data.from[packet]).length > 16)));
  draw();
  const packets = shown.reduce((sum, place) => sum + at[place].length, 0);
  const left = lists.reduce((sum, list) => sum + list.length, 0);
  $('#count').textContent = left === packets ? `${packets} packets` : `${left} of ${packets} packets`;
  shown.forEach((place, side) => { $(`#tshark-${side}`).textContent = command(place, filter.tshark); });
}

const rowHeight = () => Number.parseFloat(getComputedStyle($('#view')).getPropertyValue('--row'));

// Only the rows that can be seen are in the page.
function draw() {
  const view = $('#view'), body = $('#rows'), height = rowHeight();
  const first = Math.max(0, Math.floor(view.scrollTop / height) - 8);
  const last = Math.min(rows.length, first + Math.ceil(view.clientHeight / height) + 16);
  body.style.height = `${rows.length * height}px`;
  view.style.maxHeight = `${rows.length * height + 2}px`;
  body.replaceChildren(...rows.slice(first, last).map((row, nth) => {
    const line = $('.pair', piece('#pair'));
    line.style.top = `${(first + nth) * height}px`;
    line.setAttribute('aria-rowindex', first + nth + 1);
    row.forEach((packet, place) => fill(line.children[place], packet, row[1 - place], place));
    return line;
  }));
  mark();
}

function fill(cell, packet, other, list) {
  if (packet === null) {
    cell.classList.add('none');
    const partner = at[shown[list]].find(each => data.group[each] === data.group[other]);
    const words = partner !== undefined ? `belongs to No. ${ordinal[partner]}` : text(lost(other)) ?? '';
    cell.classList.toggle('lost', partner === undefined && words !== '');
    cell.replaceChildren(words);
    return;
  }
  cell.id = `row-${packet}`;
  cell.dataset.packet = packet;
  cell.classList.toggle('lost', text(lost(packet)) !== undefined);
  cell.classList.toggle('differs', packet in data.differs);
  say(cell, 'no', ordinal[packet]);
  say(cell, 'time', seconds(packet));
  for (const [slot, role] of [['from', 'address'], ['to', 'address'], ['kind', 'role']]) {
    const at = $(`[data-slot=${slot}]`, cell);
    at.textContent = text(data[slot][packet]);
    if (at.textContent) at.classList.add('layer', text(data[role][packet]));
  }
  say(cell, 'size', data.size[packet]);
  say(cell, 'info', text(data.info[packet]));
}

// Lights up the chosen packet, and all that belong to it.
function mark() {
  for (const cell of all('#rows [data-packet]')) {
    const packet = Number(cell.dataset.packet);
    cell.setAttribute('aria-selected', packet === chosen);
    cell.classList.toggle('group', chosen !== null && data.group[packet] === data.group[chosen]);
  }
  const there = chosen !== null && $(`#row-${chosen}`);
  there ? $('#view').setAttribute('aria-activedescendant', there.id) : $('#view').removeAttribute('aria-activedescendant');
}

function reveal(packet) {
  const view = $('#view'), height = rowHeight();
  const row = rows.findIndex(row => row.includes(packet));
  if (row < 0) return;
  const top = row * height;
  if (top < view.scrollTop || top + height > view.scrollTop + view.clientHeight) {
    view.scrollTop = top - (view.clientHeight - height) / 2;
  }
}

// --- One packet -----------------------------------------------------------

// The two lists in which an interface is best seen: with the other side of the tunnel's
// program, on the same host.
function pairOf(place) {
  if (shown.length < 2) return [place];
  const host = name => name.split('-')[0], inner = name => name.includes('-tun');
  const mine = data.interfaces[place];
  const other = data.interfaces.findIndex(name => host(name) === host(mine) && inner(name) !== inner(mine) && !name.endsWith('-lo'));
  if (other < 0) return [shown[0], place];
  return inner(mine) ? [place, other] : [other, place];
}

function choose(packet) {
  chosen = packet;
  if (!shown.includes(data.at[packet])) {
    shown = pairOf(data.at[packet]);
    options();
    arrange();
  }
  reveal(packet);
  draw();
  history.replaceState(null, '', `#${name(packet)}`);
  describe(packet);
}

function describe(packet) {
  const view = piece('#chosen');
  say(view, 'title', `Packet ${ordinal[packet]} of ${data.shown[data.at[packet]]}`);
  say(view, 'info', [between(packet), text(data.kind[packet]), text(data.info[packet])].join(' '));
  say(view, 'fate', fate(packet));
  say(view, 'differs', text(data.differs[packet]) ?? '');
  say(view, 'tshark', command(data.at[packet], `frame.number == ${number(packet)}`, '-V -x'));
  const way = members[data.group[packet]].map(each => each + 1);
  say(view, 'tshark-way', data.file && way.length > 1 ? everywhere(`frame.number in {${way.join(', ')}}`) : '');
  anatomy(view, packet);
  journey(view, packet);
  conversation(view, packet);
  all('[data-if]', view).forEach(part => { part.hidden = !$(`[data-slot=${part.dataset.if}]`, part).textContent; });
  // What the reader folded stays folded.
  all('.fields', view).forEach(table => {
    const label = $('.layer', table).textContent;
    table.open = !folded.has(label);
    table.addEventListener('toggle', () => table.open ? folded.delete(label) : folded.add(label));
  });
  $('#packet').replaceChildren(view);
}

function between(packet) {
  const [from, to] = [text(data.from[packet]), text(data.to[packet])];
  return from && `${from} > ${to}`;
}

function fate(packet) {
  const words = text(lost(packet));
  if (words === undefined) return '';
  const last = members[data.group[packet]].at(-1);
  const way = ['', ', coming in', ', going out'][data.way[last]];
  return `${words}: last seen at ${data.shown[data.at[last]]}${way}`;
}

const hex = bytes => Array.from(bytes, byte => byte.charCodeAt(0).toString(16).padStart(2, '0')).join(' ');
const characters = bytes => bytes.replace(/[^ -~]/g, '.');

// The anatomy: the markup of each layer, with the bytes and values of this packet.
function anatomy(view, packet) {
  const { layers, values, bytes } = details(packet);
  const size = data.size[packet];
  let first = 0;
  for (const [layer, start, end] of layers) {
    const markup = piece(`#layer-${layer}`), stop = end ?? size;
    const part = attribute => bytes.slice(...attribute.split(' ').map(offset => start + Number(offset)),
      attribute.includes(' ') ? undefined : stop);
    const slots = (attribute, fill) => all(`[data-${attribute}]`, markup).forEach(at => fill(at, at.dataset[attribute]));
    slots('hex', (at, of) => { at.textContent = hex(part(of)) + (at.closest('table') ? '' : ' '); });
    slots('text', (at, of) => { at.dataset.text = characters(part(of)); });
    slots('value', (at, of) => { at.textContent = values[first + Number(of)]; });
    slots('size', at => { at.textContent = stop - start; });
    slots('last', at => { at.textContent = stop - 1; });
    all('input', markup).forEach(input => input.setAttribute('aria-label', $('.says', input.parentNode).textContent));
    first += Number($(`#layer-${layer}`).dataset.fields);
    for (const of of [...markup.children]) $(of.dataset.in, view).append(...of.childNodes);
    const item = $('.layers', view).lastElementChild;
    item.style.flexGrow = stop - start;
  }
  for (let offset = 0; offset < bytes.length; offset += 8) {
    const line = document.createElement('span');
    line.dataset.offset = offset.toString(16).padStart(4, '0');
    line.classList.toggle('half', offset % 16 === 8);
    $('.offsets', view).append(line);
  }
  say(view, 'cut', bytes.length < size ? `The first ${bytes.length} bytes are in this page, ${size - bytes.length} are not.` : '');
}

// The journey: the drawing of ways like this one, with the times of this packet.
function journey(view, packet) {
  const group = data.group[packet], hops = data.hops[group];
  if (data.ladder[group] === null) return $('.journey', view).remove();
  const drawing = piece(`#ladder-${data.ladder[group]}`);
  all('[data-step]', drawing).forEach(at => {
    const step = Number(at.dataset.step);
    at.textContent = data.time[hops[step]] - data.time[hops[step - 1]];
  });
  all('[data-hop]', drawing).forEach(at => {
    const hop = hops[Number(at.dataset.hop)];
    at.setAttribute('href', `#${name(hop)}`);
    at.setAttribute('aria-label', `packet ${ordinal[hop]} of ${data.shown[data.at[hop]]}`);
    at.classList.toggle('here', hop === packet);
  });
  $('.journey', view).append(drawing);
  const others = members[group].length - hops.length;
  say(view, 'way', `${data.time[hops.at(-1)] - data.time[hops[0]]} µs from the first interface to the last.`
    + (others ? ` Besides these, ${others} further fragments belong to it.` : ''));
}

// So many messages of a conversation are drawn before and after the chosen one.
const AROUND = 20;

// The conversation: an arrow for each message.
function conversation(view, packet) {
  const group = data.group[packet], talk = data.talk[group];
  if (talk === null) return $('.conversation', view).remove();
  const groups = data.talks[talk], here = groups.indexOf(group);
  const first = Math.max(0, here - AROUND), last = Math.min(groups.length, here + AROUND + 1);
  const [client, one, server, two, filter] = data.ends[talk];
  say(view, 'tshark-talk', filter && (data.file ? everywhere(filter) : command(data.at[packet], filter)));
  const drawing = piece('#conversation'), svg = $('svg', drawing);
  say(drawing, 'client', one);
  say(drawing, 'server', two);
  say(drawing, 'client-host', client && `, ${client}`);
  say(drawing, 'server-host', server && `, ${server}`);
  say(drawing, 'title', `The conversation of ${one} and ${two}`);
  let height = Number($('#conversation').dataset.height);
  const lay = (id, words) => {
    const part = $('svg', piece(id)).firstElementChild;
    for (const slot in words) say(part, slot, words[slot]);
    part.setAttribute('transform', `translate(0 ${height})`);
    height += Number($(id).dataset.height);
    svg.append(part);
    return part;
  };
  const start = data.time[members[groups[0]][0]];
  let phase;
  for (const each of groups.slice(first, last)) {
    if (data.phase[each] !== phase) lay('#phase', { phase: text(phase = data.phase[each]) });
    const arrow = lay(`#arrow-${String(data.arrow[each]).padStart(2, '0')}`, {
      time: ((data.time[members[each][0]] - start) / 1000).toFixed(2),
      strong: text(data.strong[each]), words: text(data.says[each]), sizes: text(data.sizes[each]),
    });
    $('.row', arrow).classList.toggle('mark', each === group);
    arrow.setAttribute('href', `#${name(members[each][0])}`);
  }
  all('.lane', svg).forEach(lane => lane.setAttribute('d', lane.getAttribute('d').replace(/V.*/, `V${height}`)));
  svg.setAttribute('viewBox', `0 0 ${svg.dataset.wide} ${height + 4}`);
  $('.conversation', view).append(drawing);
  const gone = groups.length - (last - first);
  say(view, 'messages', `Message ${here + 1} of ${groups.length}.` + (gone ? ` ${gone} earlier or later ones are not drawn.` : ''));
}

// --- tshark, and the filter -------------------------------------------------

const file = place => data.files[place] ?? data.file;
const number = packet => data.files[data.at[packet]] ? ordinal[packet] : packet + 1;

function command(place, filter, more = '') {
  const one = data.files[place] === null && data.interfaces.length > 1;
  const where = one ? `frame.interface_name == "${data.interfaces[place]}"` : '';
  const both = [where, filter].filter(Boolean).join(' && ').replaceAll("'", "'\\''");
  return ['tshark -d udp.port==9876,ip -r', file(place), both && `-Y '${both}'`, more].filter(Boolean).join(' ');
}

const everywhere = filter => `tshark -d udp.port==9876,ip -r ${data.file} -Y '${filter}'`;

// A filter from what the reader wrote: words that must all be true of a packet.
function understand(written) {
  const words = written.match(/!?"[^"]*"?|\S+/g) ?? [];
  const tests = words.map(word => {
    const not = word.startsWith('!') && word.length > 1;
    const [test, tshark] = meaning(not ? word.slice(1) : word);
    return not ? [packet => !test(packet), `!(${tshark})`] : [test, `(${tshark})`];
  });
  return {
    wanted: packet => tests.every(([test]) => test(packet)),
    tshark: tests.map(([, tshark]) => tshark).join(' && '),
  };
}

// The words of a packet, in small letters: packets that are alike share them.
const facts = packet => spoken[data.words[packet]] ??= text(data.words[packet]).toLowerCase().split(' ');

function meaning(word) {
  const lower = word.toLowerCase();
  const has = which => packet => facts(packet).includes(which);
  if (word.startsWith('"')) {
    if (word.length < 3 || !word.endsWith('"')) throw new Error(`${word} is a text without its end: write "GET", for example`);
    const bytes = word.slice(1, -1);
    return [packet => details(packet).bytes.includes(bytes), `frame contains "${bytes}"`];
  }
  if (Object.hasOwn(data.vocabulary, lower)) return [has(lower), data.vocabulary[lower]];
  if (lower === 'lost') return [packet => text(lost(packet)) !== undefined, 'frame'];
  if (lower === 'differs') return [packet => packet in data.differs, 'frame'];
  if (/^:?\d{1,5}$/.test(word)) {
    const port = word.replace(':', '');
    return [has(`:${port}`), `udp.port == ${port} || tcp.port == ${port}`];
  }
  if (/^\d+\.\d+\.\d+\.\d+$/.test(word)) return [has(lower), `ip.addr == ${word}`];
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(lower)) return [has(lower), `eth.addr == ${word}`];
  if (/^[0-9a-f.:]*:[0-9a-f.:]*$/.test(lower)) return [has(lower), `ipv6.addr == ${word}`];
  throw new Error(`${word} is not understood: write an address, a port such as 9876, a protocol such as icmp, `
    + 'a flag such as SYN or DF, lost, differs, or "a text" in quotes; ! before a word turns it round');
}

function search() {
  const error = $('#error');
  try {
    filter = understand($('#filter').value);
    wanted = filter.wanted;
    error.textContent = '';
    $('#filter').removeAttribute('aria-invalid');
  } catch (problem) {
    error.textContent = problem.message;
    $('#filter').setAttribute('aria-invalid', 'true');
    return;
  }
  $('#view').scrollTop = 0;
  arrange();
}

// --- What the reader does ---------------------------------------------------

const label = place => `${data.shown[place]} (${at[place].length})`;

function options() {
  all('#choice select').forEach((select, side) => {
    select.parentNode.hidden = side >= shown.length;
    select.replaceChildren(...data.shown.map((_, place) => {
      const option = document.createElement('option');
      option.value = place;
      option.textContent = label(place);
      option.selected = place === shown[side];
      return option;
    }));
  });
}

// To another row of the same list, so many packets on.
function step(by) {
  const side = Math.max(0, shown.indexOf(data.at[chosen]));
  const list = rows.map(row => row[side]).filter(packet => packet !== null);
  if (!list.length) return;
  const here = list.indexOf(chosen);
  choose(list[Math.min(list.length - 1, Math.max(0, here < 0 ? 0 : here + by))]);
}

// To the other list: to the partner, or to what is near.
function across(side) {
  if (side >= shown.length || data.at[chosen] === shown[side]) return;
  const here = rows.findIndex(row => row.includes(chosen));
  const partner = members[data.group[chosen]].find(packet => data.at[packet] === shown[side] && wanted(packet));
  const near = rows.slice(Math.max(0, here)).concat(rows.slice(0, Math.max(0, here)).reverse());
  choose(partner ?? near.find(row => row[side] !== null)?.[side] ?? chosen);
}

function nextDifference() {
  const next = data.differing.find(packet => packet > (chosen ?? -1)) ?? data.differing[0];
  if (next !== undefined) choose(next);
}

const page = () => Math.max(1, Math.floor($('#view').clientHeight / rowHeight()) - 1);

const keys = {
  ArrowDown: () => step(1), ArrowUp: () => step(-1),
  PageDown: () => step(page()), PageUp: () => step(-page()),
  Home: () => step(-Infinity), End: () => step(Infinity),
  ArrowLeft: () => across(0), ArrowRight: () => across(1),
};

function follow() {
  const [, place, number] = location.hash.match(/^#(.*)-(\d+)$/) ?? [];
  const packet = at[data.places.indexOf(place)]?.[number - 1];
  if (packet !== undefined && packet !== chosen) choose(packet);
}

function listen() {
  const view = $('#view');
  view.addEventListener('scroll', () => requestAnimationFrame(draw));
  view.addEventListener('click', event => {
    const cell = event.target.closest('[data-packet]');
    if (cell) choose(Number(cell.dataset.packet));
  });
  view.addEventListener('keydown', event => {
    if (!keys[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    chosen === null ? choose(rows.flat().find(packet => packet !== null) ?? 0) : keys[event.key]();
  });
  all('#choice select').forEach((select, side) => select.addEventListener('change', () => {
    shown[side] = Number(select.value);
    arrange();
  }));
  $('#filter').addEventListener('input', search);
  $('#next')?.addEventListener('click', nextDifference);
  $('#choice').addEventListener('submit', event => event.preventDefault());
}

function start() {
  read();
  $('#plain')?.remove();
  const empty = data.at.length === 0;
  all('#choice, #lists, #packet').forEach(part => { part.hidden = empty; });
  if (empty) return;
  const pair = data.pair.slice(0, data.interfaces.length > 1 ? 2 : 1);
  shown = pair;
  options();
  listen();
  search();
  follow();
  const first = rows.flat().find(packet => packet !== null);
  if (chosen === null && first !== undefined) choose(first);
}

addEventListener('hashchange', follow);
addEventListener('resize', () => data && rows.length && draw());
addEventListener('keydown', event => {
  if (event.target.closest('input, select, textarea') || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === '/') { event.preventDefault(); $('#filter').focus(); }
  if (event.key === 'n') nextDifference();
});

// In the book, the page has the colours that the reader chose there.
function theme() {
  try {
    const theme = localStorage.getItem('mdbook-theme');
    if (document.body.dataset.book !== undefined && theme) document.documentElement.className = `${theme} js`;
  } catch { /* Files may have no such memory. */ }
}

// While a lab runs: the same page, made anew whenever packets have passed. A capture
// only grows, so a packet keeps its number; what is found at a place may move.
function live() {
  if (document.body.dataset.live === undefined) return;
  const events = new EventSource('events');
  const running = $('#live').textContent;
  const state = words => { if ($('#live').textContent !== words) $('#live').textContent = words; };
  let next = null, work = null;
  // However many events come while a page is fetched, one more is fetched then.
  const catchUp = async () => {
    while (next !== null) {
      const count = next;
      next = null;
      if (count === data.at.length) continue;
      const answer = await fetch('page');
      if (!answer.ok) throw new Error(answer.statusText);
      renew($('main', new DOMParser().parseFromString(await answer.text(), 'text/html')));
    }
  };
  const due = event => {
    next = Number(event.data);
    return work ??= catchUp().finally(() => { work = null; });
  };
  const lost = () => state('The newest packets could not be fetched.');
  events.addEventListener('packets', event => due(event).then(() => state(running), lost));
  events.addEventListener('error', () => state('Nothing is heard of the lab any more. The page stays as it is.'));
  events.addEventListener('end', event => {
    events.close();
    due(event).then(() => state('The lab has ended. The page stays as it is.'),
      () => state('The lab has ended. Its last packets could not be fetched.'));
  });
}

// Takes the packets of a fresh page. What the reader uses stays in its place: the two
// lists, the filter with its cursor, and the chosen packet.
function renew(fresh) {
  const kept = ['choice', 'lists', 'packet'], choice = $('#choice'), view = $('#view');
  const empty = data.at.length === 0, interfaces = data.interfaces;
  const names = shown.map(place => interfaces[place]), usual = shown.join() === data.pair.join();
  const top = view.scrollTop, follows = top + view.clientHeight >= view.scrollHeight - rowHeight();
  const before = chosen === null ? '' : around(chosen);

  $('#live', fresh).replaceWith($('#live'));
  $('#plain', fresh)?.remove();
  all('main > *').forEach(part => kept.includes(part.id) || part.remove());
  const parts = [...fresh.children], form = parts.findIndex(part => part.id === choice.id);
  choice.before(...parts.slice(0, form));
  $('main').append(...parts.slice(form).filter(part => !kept.includes(part.id)));
  if (empty) return start();

  read();
  shown = names.map(name => data.interfaces.indexOf(name));
  // The lists that the page begins with are others now, and the reader has chosen none.
  if (usual && (chosen === null || data.pair.includes(data.at[chosen]))) shown = data.pair.slice();
  if (shown.length < 2) shown = shown.concat(data.pair.filter(place => !shown.includes(place))).slice(0, 2);
  // A list of choices that is open stays so.
  if (data.interfaces.join() !== interfaces.join()) options();
  else all('option', choice).forEach(option => { option.textContent = label(option.value); });
  arrange();
  view.scrollTop = follows ? view.scrollHeight : top;
  draw();
  if (chosen === null || around(chosen) === before) return;
  const inputs = all('#packet input'), on = inputs.findIndex(input => input.checked), focus = inputs.indexOf(document.activeElement);
  describe(chosen);
  const again = all('#packet input');
  if (on >= 0) again[on].checked = true;
  if (focus >= 0) again[focus].focus({ preventScroll: true });
}

// All that is shown of a packet and can change when others come.
function around(packet) {
  const group = data.group[packet], talk = data.talk[group];
  return JSON.stringify([fate(packet), members[group], talk === null ? [] : data.talks[talk]]);
}

theme();
start();
live();
})();
