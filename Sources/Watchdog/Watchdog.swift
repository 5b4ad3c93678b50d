import Foundation
import Synchronization

/// The thread with which a rank hears the other ranks and is heard by them; see the README of this module.
public final class Watchdog: Sendable {
  /// The address of rank 0 for the other ranks. It must be sent to them by other means.
  public struct Endpoint: Sendable, Equatable {
    /// The key of the run's datagrams.
    public let key: SipHash
    /// The port; 0 if no socket could be opened.
    public let port: UInt16
    /// The addresses at which rank 0 may be reached.
    public let addresses: [UInt32]

    /// The endpoint of rank 0's socket.
    public init(port: UInt16, addresses: [UInt32]) {
      (key, self.port, self.addresses) = (SipHash(), port, addresses)
    }

    /// The endpoint as numbers.
    public var words: [UInt64] { key.key + [UInt64(port)] + addresses.map(UInt64.init) }

    /// Creates the endpoint that the numbers describe; nil if they do not describe one.
    public init?(words: [UInt64]) {
      guard words.count >= 3, let key = SipHash(key: Array(words[..<2])) else { return nil }
      self.key = key
      port = UInt16(truncatingIfNeeded: words[2])
      addresses = words[3...].map { UInt32(truncatingIfNeeded: $0) }
    }
  }

  /// The reason for ending the program.
  public enum Alarm: Sendable, Equatable {
    /// Other ranks were silent for this many seconds.
    case silent(ranks: [Int], seconds: Double)
    /// The main thread of this rank did not call `tick` for this many seconds.
    case stuck(seconds: Double)
    /// A signal asked the program to stop, and the main thread did not notice it in time.
    case stopIgnored
  }

  private let rank: Int
  private let timeout: Double
  private let socket: DatagramSocket?
  private let root: Endpoint
  private let stopGrace: @Sendable () -> Double?
  private let onAlarm: @Sendable (Alarm) -> Void
  private let thread = Mutex<pthread_t?>(nil)
  private let isEnding = Atomic<Bool>(false)
  private let strangerCount = Atomic<Int>(0)
  /// A number that changes whenever the main thread calls `tick`; 0 while it does not have to call it.
  private let lastTick = Atomic<UInt64>(0)

  /// Creates the watchdog of a rank; `start` starts it.
  ///
  /// - Parameters:
  ///   - timeout: the seconds of silence after which an alarm is raised; 0 to not watch ranks.
  ///   - socket: the socket of this rank; nil to not watch ranks.
  ///   - root: the endpoint of rank 0.
  ///   - stopGrace: returns the seconds that the program has to stop, if a signal asks for it.
  ///   - onAlarm: called on the thread of the watchdog, to end the program.
  public init(
    rank: Int, timeout: Double, socket: DatagramSocket?, root: Endpoint,
    stopGrace: @escaping @Sendable () -> Double?, onAlarm: @escaping @Sendable (Alarm) -> Void
  ) {
    (self.rank, self.timeout) = (rank, timeout)
    (self.socket, self.root) = (timeout > 0 ? socket : nil, root)
    (self.stopGrace, self.onAlarm) = (stopGrace, onAlarm)
  }

  /// Starts to watch. Errors: no thread can be started.
  public func start() throws(WatchdogError) {
    var started = pthread_t()
    let own = Unmanaged.passRetained(self)
    let code = ThreadLimit.start(&started, own.toOpaque()) { context in
      if let context { Unmanaged<Watchdog>.fromOpaque(context).takeRetainedValue().run() }
      return nil
    }
    guard code == 0 else {
      own.release()
      throw .noThread(code: code)
    }
    let created = started
    thread.withLock { $0 = created }
  }

  /// Requires the main thread to call `tick` again within the timeout.
  public func tick() { lastTick.store(Self.milliseconds(), ordering: .relaxed) }

  /// Tells the watchdog that the main thread is going to do something during which it cannot call `tick`.
  public func pause() { lastTick.store(0, ordering: .relaxed) }

  /// Says goodbye and ends the thread. Returns immediately if the thread was not started.
  public func stop() {
    isEnding.store(true, ordering: .relaxed)
    guard let running = thread.withLock({ $0.take() }) else { return }
    pthread_join(running, nil)
  }

  /// The number of ignored datagrams that came from elsewhere.
  public var strangers: Int { strangerCount.load(ordering: .relaxed) }

  static func milliseconds() -> UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }

  static func seconds() -> Double { Double(milliseconds()) * 1e-3 }
}

// MARK: The thread

extension Watchdog {
  /// The thread's data about its own process.
  private struct Own {
    /// The time allowed for stopping, and when it began. It restarts if a more urgent request shortens the time.
    var stop: (grace: Double, since: Double)?
    /// The main thread, as rank 0 of a table with one rank. Time during which all threads slept does not count.
    var main: PulseTable
    var tick: UInt64 = 0
  }

  private func run() { rank == 0 ? watchRanks() : watchRoot() }

  /// The seconds between two pulses.
  private var interval: Double { min(max(timeout / 10, 0.1), 5) }

  /// Checks this process itself. Returns true if the thread must end.
  private func isLast(_ own: inout Own, at now: Double) -> Bool {
    if let grace = stopGrace() {
      if grace != own.stop?.grace { own.stop = (grace, now) }
      if let stop = own.stop, now - stop.since > grace { onAlarm(.stopIgnored) }
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
    return isEnding.load(ordering: .relaxed)
  }

  private func watchRanks() {
    var table = PulseTable(timeout: timeout, at: Self.seconds())
    var homes: [Int: DatagramSocket.Place] = [:]
    var own = Own(main: PulseTable(timeout: timeout, at: Self.seconds()))
    var (filter, sequence) = (PulseFilter(key: root.key), UInt64(0))
    while true {
      if isLast(&own, at: Self.seconds()) {
        for home in homes.values { send(.leaving, &sequence, to: home) }
        return
      }
      hear(&filter, waiting: 0.02) { pulse, from in
        switch pulse.kind {
        case .here:
          table.hear(pulse.rank, at: Self.seconds())
          homes[pulse.rank] = from
          send(.here, &sequence, to: from)
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

  private func watchRoot() {
    var table = PulseTable(timeout: timeout, at: Self.seconds())
    var home: DatagramSocket.Place?
    var own = Own(main: PulseTable(timeout: timeout, at: Self.seconds()))
    var (filter, sequence) = (PulseFilter(key: root.key), UInt64(0))
    var lastPulse = -Double.infinity
    while true {
      let now = Self.seconds()
      let isLast = isLast(&own, at: now)
      if isLast || now - lastPulse >= interval {
        lastPulse = now
        // Until one address has answered, all addresses are tried.
        let homes = home.map { [$0] } ?? root.addresses.map { ($0, root.port) }
        if root.port != 0 {
          for home in homes { send(isLast ? .leaving : .here, &sequence, to: home) }
        }
      }
      if isLast { return }
      hear(&filter, waiting: min(interval, 0.2)) { pulse, from in
        guard pulse.rank == 0 else { return }
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

  private func send(_ kind: Pulse.Kind, _ sequence: inout UInt64, to home: DatagramSocket.Place) {
    sequence += 1
    socket?.send(
      Pulse(rank: rank, kind: kind, sequence: sequence).bytes(key: root.key), to: home)
  }

  /// Waits for datagrams and receives all that have arrived. Datagrams of strangers are only
  /// counted.
  private func hear(
    _ filter: inout PulseFilter, waiting seconds: Double,
    _ body: (Pulse, DatagramSocket.Place) -> Void
  ) {
    guard let socket else {
      usleep(UInt32(seconds * 1e6))
      return
    }
    // However many datagrams arrive, the thread returns from time to time.
    let deadline = Self.seconds() + 0.2
    // One extra byte makes it possible to recognize a longer datagram.
    withUnsafeTemporaryAllocation(byteCount: Pulse.size + 1, alignment: 8) { buffer in
      var patience = seconds
      while let (count, from) = socket.receive(into: buffer, waiting: patience) {
        if let pulse = filter.admit(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
          body(pulse, from)
        }
        patience = 0
        if Self.seconds() > deadline { break }
      }
    }
    strangerCount.store(filter.strangers, ordering: .relaxed)
  }
}
