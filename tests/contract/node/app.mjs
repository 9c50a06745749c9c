// A small application at Cashlink's API, in another language: Node's own http, no packages.
// POST /invest with person=NAME imports that person and leads to start_url; POST /webhook receives webhooks.
// WRONG=name,name or WRONG=all plants mistakes, which the self-check finds. What it says beside each is done here.
import crypto from 'node:crypto'
import fs from 'node:fs'
import http from 'node:http'

const { API_URL, CLIENT_ID, CLIENT_SECRET, CAMPAIGN_ID, WEBHOOK_TOKEN, START_URL_HOSTS, STATE_FILE, PORT } = process.env
const mistakes = (process.env.WRONG ?? '').split(',')
const wrong = name => mistakes.includes(name) || mistakes.includes('all')
const sleep = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

// The rows. An intent is key and frozen body of a call, kept before the call is made.
const state = { intents: {}, investments: {}, changes: {} }
const commit = () => fs.writeFileSync(STATE_FILE, JSON.stringify(state))

function intent(name, body) {
  if (!state.intents[name]) {
    state.intents[name] = { key: crypto.randomUUID(), body: JSON.stringify(body), answer: null }
    commit()
  }
  return state.intents[name]
}

let token = null
async function once(method, path, row) {
  if (!token) {
    const form = { grant_type: 'client_credentials', client_id: CLIENT_ID, client_secret: CLIENT_SECRET }
    const answer = await fetch(`${API_URL}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) })
    token = (await answer.json()).access_token
  }
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  if (row && !wrong('no-key')) headers['X-Idempotency-Key'] = row.key
  const redirect = wrong('follow') ? 'follow' : 'manual'
  const answer = await fetch(API_URL + path, { method, headers, body: row?.body, redirect })
  return { status: answer.status, wait: answer.headers.get('Retry-After'), data: await answer.json().catch(() => null) }
}

// Repeats until the answer is definite: 2xx with an id, or a refusal.
async function call(method, path, row) {
  for (let pause = 100; row.answer === null; pause = Math.min(pause * 2, 5000)) {
    const answer = await once(method, path, row).catch(() => null)
    const status = answer?.status ?? 0
    if (status >= 200 && status < 300 && answer.data?.id) row.answer = answer.data
    else if ([400, 403, 404, 422].includes(status)) throw new Error(`refused: ${status}`)
    else if (wrong('give-up') && [429, 503].includes(status)) throw new Error(`gave up: ${status}`)
    else if (wrong('new-key') && status < 400) row.key = crypto.randomUUID()
    else if (wrong('new-body') && status < 400) row.body += ' '
    if (status === 401 && !wrong('old-token')) token = null
    if (row.answer === null) await sleep(Number(answer?.wait) * 1000 || pause)
  }
  commit()
  return row.answer
}

const running = {}
async function subscribe(person) {
  const investor = await call('POST', '/v2/investors/', intent(`investor ${person}`, investorOf(person)))
  const communication = { communication: { email: `${person}@example.org`, email_confirmed: true } }
  await call('PATCH', `/v2/investors/${investor.id}/`, intent(`communication ${person}`, communication))
  const number = wrong('two-clicks') ? crypto.randomUUID() : 1
  const body = { campaign_id: CAMPAIGN_ID, investor_id: investor.id }
  const investment = await call('POST', '/v2/investments/', intent(`investment ${person} ${number}`, body))
  state.investments[investment.id] = investment.start_url
  commit()
  return investment.start_url
}

async function invest(request, response) {
  const person = new URLSearchParams((await read(request)).toString()).get('person')
  // The second click waits for what the first has begun.
  const begun = !wrong('two-clicks') && running[person]
  running[person] = begun || subscribe(person).finally(() => delete running[person])
  const url = await running[person]
  const known = wrong('any-host') || START_URL_HOSTS.split(',').includes(new URL(url).host)
  response.writeHead(known ? 303 : 502, known ? { Location: url } : {}).end()
}

async function webhook(request, response) {
  const answer = status => response.writeHead(status).end()
  const given = crypto.createHash('sha256').update(request.headers.authorization ?? '').digest()
  const right = crypto.createHash('sha256').update(`Bearer ${WEBHOOK_TOKEN}`).digest()
  if (!crypto.timingSafeEqual(given, right) && !wrong('open')) return answer(401)
  const raw = await read(request)
  if (raw.length > 65536) return answer(413)
  let event = null
  try { event = JSON.parse(raw) } catch (error) { if (wrong('trusting')) throw error }
  const { investment_id: id, status, changed_at: at } = event ?? {}
  if (wrong('closed') && !(id in state.investments)) return answer(404)
  if (wrong('conflict') && `${id} ${status} ${at}` in state.changes) return answer(409)
  state.changes[`${id} ${status} ${at}`] = true
  commit()
  if (wrong('busy') && status === 'ACCEPTED') await sleep(Number(process.env.BUSY_MILLISECONDS ?? 6000))
  answer(204)
  if (id in state.investments && !wrong('silent')) await once('GET', `/v2/investments/${id}/`).catch(() => null)
}

async function read(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const investorOf = person => ({
  natural_person: {
    salutation: 'MS', forename: person, surname: 'Beispiel', birth_date: '1990-08-10', birth_place: 'Kiel',
    citizenship: 'DEU', street: 'Musterweg 1', city: 'Kiel', zip: '24103', country: 'DEU', phone: '+49 431 9000999'
  },
  is_beneficiary: true, pep_status: false, account_setup_accepted_at: new Date().toISOString()
})

http.createServer((request, response) => {
  const handler = { '/invest': invest, '/webhook': webhook }[request.url]
  if (!handler || request.method !== 'POST') return response.writeHead(404).end()
  handler(request, response).catch(error => { console.error(error.message); response.writeHead(500).end() })
}).listen(PORT, '127.0.0.1')
