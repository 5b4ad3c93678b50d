import Foundation
import Synchronization
import Testing
import Watchdog

@Suite("watchdog")
struct WatchdogTests {
  /// What the alarms of some watchdogs said.
  private final class Alarms: Sendable {
    private let alarms = Mutex<[Watchdog.Alarm]>([])
    func add(_ alarm: Watchdog.Alarm) { alarms.withLock { $0.append(alarm) } }
    var all: [Watchdog.Alarm] { alarms.withLock { $0 } }
  }

  private func pair(_ alarms: Alarms, timeout: Double) throws -> (Watchdog, Watchdog, UInt16) {
    let socket = try #require(DatagramSocket(on: DatagramSocket.loopback))
    let root = Watchdog.Endpoint(port: socket.port, addresses: [DatagramSocket.loopback])
    func watchdog(_ rank: Int, _ socket: DatagramSocket?) -> Watchdog {
      Watchdog(
        rank: rank, timeout: timeout, socket: socket, root: root, stopGrace: { nil },
        onAlarm: alarms.add)
    }
    let other = DatagramSocket(on: DatagramSocket.loopback)
    return (watchdog(0, socket), watchdog(1, other), socket.port)
  }

  @Test("junk at rank 0's port is counted and ends nothing")
  func junk() async throws {
    let alarms = Alarms()
    let (first, second, port) = try pair(alarms, timeout: 2)
    try first.start()
    try second.start()
    let sender = try #require(Junk(port: port))
    // Longer than the timeout, and until enough has arrived, however loaded the machine is.
    let begin = Date()
    for _ in 0..<2000 where alarms.all.isEmpty {
      if first.strangers > 1000 && -begin.timeIntervalSinceNow > 3 { break }
      for _ in 0..<50 { sender.send() }
      try await Task.sleep(for: .milliseconds(5))
    }
    second.stop()
    first.stop()
    #expect(alarms.all.isEmpty)
    #expect(first.strangers > 1000)
  }

  @Test("a rank that ends without a goodbye is named")
  func silence() async throws {
    let alarms = Alarms()
    let socket = try #require(DatagramSocket(on: DatagramSocket.loopback))
    let root = Watchdog.Endpoint(port: socket.port, addresses: [DatagramSocket.loopback])
    let first = Watchdog(
      rank: 0, timeout: 1, socket: socket, root: root, stopGrace: { nil }, onAlarm: alarms.add)
    try first.start()
    // One pulse of rank 3, and no more.
    let sender = try #require(Junk(port: socket.port))
    sender.send(Pulse(rank: 3, kind: .here, sequence: 1).bytes(key: root.key))
    let deadline = Date(timeIntervalSinceNow: 20)
    while alarms.all.isEmpty && Date() < deadline {
      try await Task.sleep(for: .milliseconds(50))
    }
    first.stop()
    guard case .silent(let ranks, let seconds)? = alarms.all.first else {
      Issue.record("no alarm")
      return
    }
    #expect(ranks == [3] && seconds > 1)
  }

  @Test("a more urgent request to stop gets its whole time")
  func shorterGrace() async throws {
    // The time limit is reached, and a second later a signal arrives.
    let (begin, grace, signal, alarm) = (Date(), 1.5, FirstTime(), FirstTime())
    let socket = try #require(DatagramSocket(on: DatagramSocket.loopback))
    let root = Watchdog.Endpoint(port: socket.port, addresses: [DatagramSocket.loopback])
    let watchdog = Watchdog(
      rank: 0, timeout: 1, socket: socket, root: root,
      stopGrace: {
        guard -begin.timeIntervalSinceNow > 2 * grace else { return 1000 }
        signal.note()
        return grace
      }, onAlarm: { _ in alarm.note() })
    try watchdog.start()
    let deadline = Date(timeIntervalSinceNow: 60)
    while alarm.value == nil && Date() < deadline {
      try await Task.sleep(for: .milliseconds(20))
    }
    watchdog.stop()
    let (first, last) = try (#require(signal.value), #require(alarm.value, "no alarm"))
    #expect(last.timeIntervalSince(first) > 0.9 * grace)
  }

  @Test("a watchdog that was not started stops at once")
  func notStarted() throws {
    let (first, _, _) = try pair(Alarms(), timeout: 1)
    first.stop()
  }
}

/// The first time that something happened.
private final class FirstTime: Sendable {
  private let time = Mutex<Date?>(nil)
  func note() { time.withLock { $0 = $0 ?? Date() } }
  var value: Date? { time.withLock { $0 } }
}

/// Sends datagrams from outside the watchdog.
private struct Junk {
  private let descriptor: Int32
  private let port: UInt16

  init?(port: UInt16) {
    self.port = port
    descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
  }

  func send(_ bytes: [UInt8] = [UInt8](repeating: 7, count: 24)) {
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    withUnsafePointer(to: &place) { place in
      place.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
        _ = sendto(
          descriptor, bytes, bytes.count, 0, place, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
