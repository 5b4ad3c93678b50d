import CDatagrams
import Foundation
import Synchronization

/// The thread of a rank that hears the others, and is heard by them; see the module's README.
public final class Watchdog: Sendable {
  /// Where rank 0 is heard, for the other ranks: to be sent to them by other means.
  public struct Endpoint: Sendable, Equatable {
    /// The run's number.
    public var token: UInt64
    /// The port; 0 where no socket could be opened.
    public var port: UInt16
    /// The host's IPv4 addresses.
    public var addresses: [UInt32]

    /// The same as numbers.
    public var words: [UInt64] { [token, UInt64(port)] + addresses.map(UInt64.init) }

    /// From the numbers.
    public init(words: [UInt64]) {
      token = words[0]
      port = UInt16(words[1])
      addresses = words[2...].map { UInt32($0) }
    }

    init(token: UInt64, port: UInt16, addresses: [UInt32]) {
      (self.token, self.port, self.addresses) = (token, port, addresses)
    }
  }

  /// What ends the program.
  public enum Alarm: Sendable, Equatable {
    /// Other ranks were silent for so many seconds.
    case silent(ranks: [Int], seconds: Double)
    /// The main thread of this rank did not look up for so many seconds.
    case stuck(seconds: Double)
    /// A signal asked to stop, and the main thread did not come to it.
    case stopIgnored
  }

  private struct State {
    var isEnding = false
    var hasEnded = false
  }

  /// What the thread remembers of its own process.
  private struct Own {
    var stopSince: Double?
    /// Its main thread, as rank 0 of a table of one: what it slept with all others does not count.
    var main: PulseTable
    var tick: UInt64 = 0
  }

  private let rank: Int
  private let timeout: Double
  private let socket: Int32
  /// Where this rank is heard; that of rank 0 goes to all.
  public let endpoint: Endpoint
  private let stopGrace: @Sendable () -> Double?
  private let onAlarm: @Sendable (Alarm) -> Void
  private let state = Mutex(State())
  /// Another number whenever the main thread looked up; 0 where it need not.
  private let lastTick = Atomic<UInt64>(0)

  /// Opens a rank's socket; `start` begins.
  ///
  /// - Parameters:
  ///   - timeout: seconds of silence that are too many; 0 for no watch over ranks.
  ///   - stopGrace: if a signal asks the program to stop, the seconds that it has for it.
  ///   - onAlarm: is called on the watchdog's thread and is to end the program.
  public init(
    rank: Int, timeout: Double, stopGrace: @escaping @Sendable () -> Double?,
    onAlarm: @escaping @Sendable (Alarm) -> Void
  ) {
    (self.rank, self.timeout) = (rank, timeout)
    (self.stopGrace, self.onAlarm) = (stopGrace, onAlarm)
    var port: UInt16 = 0
    socket = timeout > 0 ? ntk_datagrams_open(&port) : -1
    var addresses = [UInt32](repeating: 0, count: 32)
    let count = ntk_datagrams_own_addresses(&addresses, 32)
    endpoint = Endpoint(
      token: .random(in: 1...UInt64.max), port: socket < 0 ? 0 : port,
      addresses: Array(addresses.prefix(Int(count))))
  }

  deinit { if socket >= 0 { close(socket) } }

  /// Begins to watch, with rank 0's endpoint.
  public func start(root: Endpoint) {
    let thread = Thread { [self] in
      rank == 0 ? watchRanks() : watchRoot(root)
      state.withLock { $0.hasEnded = true }
    }
    thread.name = "watchdog"
    thread.start()
  }

  /// From now on the main thread must call `tick` again within the timeout.
  public func tick() { lastTick.store(Self.milliseconds(), ordering: .relaxed) }

  /// The main thread goes where it cannot tick.
  public func pause() { lastTick.store(0, ordering: .relaxed) }

  /// Says goodbye and ends the thread.
  public func stop() {
    state.withLock { $0.isEnding = true }
    while !state.withLock({ $0.hasEnded }) { usleep(2_000) }
  }

  // MARK: The thread

  /// Seconds between two pulses.
  private var interval: Double { min(max(timeout / 10, 0.1), 5) }

  /// What both sides look at besides the others, until the end.
  private func isEnding(_ own: inout Own, at now: Double) -> Bool {
    if let grace = stopGrace() {
      let since = own.stopSince ?? now
      own.stopSince = since
      if now - since > grace { onAlarm(.stopIgnored) }
    }
    let tick = lastTick.load(ordering: .relaxed)
    if tick == 0 {
      own.main.dismiss(0)
    } else if tick != own.tick {
      own.main.hear(0, at: now)
    }
    own.tick = tick
    if timeout > 0, let silence = own.main.overdue(at: now).first {
      onAlarm(.stuck(seconds: silence.seconds))
    }
    return state.withLock { $0.isEnding }
  }

  private func watchRanks() {
    var table = PulseTable(timeout: timeout, at: Self.seconds())
    var homes: [Int: (address: UInt32, port: UInt16)] = [:]
    var own = Own(main: PulseTable(timeout: timeout, at: Self.seconds()))
    while true {
      let now = Self.seconds()
      let isLast = isEnding(&own, at: now)
      if isLast {
        for home in homes.values { send(.leaving, endpoint.token, to: home) }
        return
      }
      // Bursts of many ranks, before the look at who is missing.
      for _ in 0..<1000 {
        guard let (pulse, from) = receive(token: endpoint.token, waiting: 0.02) else { break }
        switch pulse.kind {
        case .here:
          table.hear(pulse.rank, at: Self.seconds())
          homes[pulse.rank] = from
          send(.here, endpoint.token, to: from)
        case .leaving:
          table.dismiss(pulse.rank)
          homes[pulse.rank] = nil
        }
      }
      let overdue = table.overdue(at: Self.seconds())
      if timeout > 0, let longest = overdue.map(\.seconds).max() {
        onAlarm(.silent(ranks: overdue.map(\.rank), seconds: longest))
      }
    }
  }

  private func watchRoot(_ root: Endpoint) {
    var table = PulseTable(timeout: timeout, at: Self.seconds())
    var home: (address: UInt32, port: UInt16)?
    var own = Own(main: PulseTable(timeout: timeout, at: Self.seconds()))
    var lastPulse = -Double.infinity
    while true {
      let now = Self.seconds()
      let isLast = isEnding(&own, at: now)
      if isLast || now - lastPulse >= interval {
        lastPulse = now
        // Until one address has answered, all are tried.
        let homes = home.map { [$0] } ?? root.addresses.map { ($0, root.port) }
        if root.port != 0 {
          for home in homes { send(isLast ? .leaving : .here, root.token, to: home) }
        }
      }
      if isLast { return }
      if let (pulse, from) = receive(token: root.token, waiting: min(interval, 0.2)) {
        switch pulse.kind {
        case .here:
          table.hear(0, at: Self.seconds())
          home = from
        case .leaving: table.dismiss(0)
        }
      }
      if timeout > 0, let silence = table.overdue(at: Self.seconds()).first {
        onAlarm(.silent(ranks: [0], seconds: silence.seconds))
      }
    }
  }

  private func send(_ kind: Pulse.Kind, _ token: UInt64, to home: (address: UInt32, port: UInt16)) {
    guard socket >= 0 else { return }
    let bytes = Pulse(token: token, rank: rank, kind: kind).bytes
    // A datagram that is lost is followed by others.
    _ = ntk_datagrams_send(socket, home.address, home.port, bytes, Int32(bytes.count))
  }

  /// The next datagram of this run, if one comes in time.
  private func receive(
    token: UInt64, waiting seconds: Double
  ) -> (Pulse, (address: UInt32, port: UInt16))? {
    guard socket >= 0 else {
      usleep(UInt32(seconds * 1e6))
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: 2 * Pulse.size)
    var (address, port) = (UInt32(0), UInt16(0))
    let count = ntk_datagrams_receive(
      socket, Int32(seconds * 1e3), &bytes, Int32(bytes.count), &address, &port)
    guard count > 0, let pulse = Pulse(Array(bytes.prefix(Int(count)))), pulse.token == token
    else { return nil }
    return (pulse, (address, port))
  }

  private static func milliseconds() -> UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }

  private static func seconds() -> Double { Double(milliseconds()) * 1e-3 }
}
