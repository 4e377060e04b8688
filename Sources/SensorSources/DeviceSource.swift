public import AttestationFormat
import CPosixShims
import LogisticsEvents

/// Where one sensor is found in sysfs.
public struct DevicePlace: Sendable {
    /// The family of drivers.
    public enum Bus: UInt8, Sendable {
        case iio, hwmon, w1
    }

    public let bus: Bus
    /// The driver's `name` in iio and hwmon, which several devices may have; the sensor's own id in w1.
    public let device: UTF8Text
    /// Consecutive parts of the device's path, such as `i2c-1/1-0044`, where the name fits several.
    public let path: UTF8Text?
    /// As the attributes have it, such as `temp` or `accel_x` in iio, `temp1` in hwmon; without meaning in w1.
    public let channel: UTF8Text
    /// The driver's unit is so many powers of ten larger than the kernel's documentation says; nil: as ``KernelChannel`` knows.
    public let factorExponent: Int?
    /// Where sysfs is mounted.
    public let sysfs: UTF8Text

    public init(
        _ bus: Bus, device: UTF8Text, path: UTF8Text? = nil, channel: UTF8Text = "", factorExponent: Int? = nil, sysfs: UTF8Text = "/sys"
    ) {
        self.bus = bus
        self.device = device
        self.path = path
        self.channel = channel
        self.factorExponent = factorExponent
        self.sysfs = sysfs
    }
}

/// One sensor behind a kernel driver, read at a fixed period: iio, hwmon, or a DS18B20 on 1-Wire.
///
/// A sensor that is missing, silent or out of its mind gives readings that say so, and ordinary ones again when it is well.
public final class DeviceSource {
    /// A read that took longer than this held up the loop once; the next is done by a child (``SlowRead``).
    private static let slowNanoseconds: Int64 = 50_000_000
    /// Where the limit of processes is reached, a read is tried again after this.
    private static let crowdedMilliseconds: UInt64 = 100

    private let place: DevicePlace
    private let sensor: UTF8Text
    private let channel: KernelChannel
    private let periodMilliseconds: UInt64
    private var due: UInt64 = 0
    private var folder: DeviceFolder?
    private var watch: DeviceWatch
    var isSlow: Bool
    /// The read that a child does, and whether it is of a raw value.
    private var slowRead: (read: SlowRead, isRaw: Bool)?

    /// - Parameters:
    ///   - sensor: the name that the readings carry, 1 to 64 bytes.
    ///   - periodMilliseconds: from one reading to the next, at least 100.
    ///
    /// Throws ``SourceError`` `.event` for a channel that gives no quantity, and for a w1 id that is none.
    public init(sensor: UTF8Text, place: DevicePlace, periodMilliseconds: UInt64) throws(SourceError) {
        let known: KernelChannel? =
            switch place.bus {
            case .iio: KernelChannel(.iio, place.channel, device: place.device, factorExponent: place.factorExponent)
            case .hwmon: KernelChannel(.hwmon, place.channel, device: place.device)
            // The driver's hwmon side has the same sensors.
            case .w1: KernelChannel.isThermometer(place.device) ? KernelChannel(.hwmon, "temp1", device: "w1_slave_temp") : nil
            }
        guard let known else {
            let name = place.bus == .w1 ? place.device : place.channel
            throw .event(EventError(.unknownQuantity, key: name, "no channel that can be recorded; see agent.conf.md"))
        }
        channel = known
        self.sensor = sensor
        self.place = place
        self.periodMilliseconds = max(periodMilliseconds, 100)
        watch = DeviceWatch(sensor: sensor, channel: known)
        // On 1-Wire every read measures.
        isSlow = place.bus == .w1
    }

    /// When to serve, in monotonic ms; the first reading at once.
    public var nextDeadline: UInt64? { slowRead?.read.nextDeadline ?? due }

    /// Appends the pipe of a read that a child does.
    public func appendInterests(to interests: inout [PollInterest]) {
        guard let descriptor = slowRead?.read.descriptor, descriptor >= 0 else { return }
        interests.append(PollInterest(descriptor: descriptor, wantsRead: true, wantsWrite: false))
    }

    /// Makes a reading when one is due. Never waits for a device that is known to be slow.
    public func serve(_ interests: [PollInterest], context: SourceContext, into output: inout SourceOutput) {
        let now = context.moment.monotonicMilliseconds
        if let (read, isRaw) = slowRead {
            let isReady = interests.contains { $0.descriptor == read.descriptor && $0.isReady }
            guard let result = read.advance(isReady: isReady, nowMilliseconds: now) else { return }
            slowRead = nil
            return finish(result, isRaw: isRaw, context, &output)
        }
        guard now >= due else { return }
        // Kept to the grid of the period, without catching up on what was missed.
        due = due == 0 || now >= due + periodMilliseconds ? now + periodMilliseconds : due + periodMilliseconds
        begin(context, &output)
    }

    private func begin(_ context: SourceContext, _ output: inout SourceOutput) {
        if let problem = bind() { return watch.take(problem, at: context.moment, into: &output) }
        guard let folder else { return }
        if place.bus == .hwmon, case .text(let fault) = folder.read(place.channel + "_fault"), HealthText.line(fault) == [UInt8(ascii: "1")] {
            return watch.take(.unreadable("the chip reports an open or shorted probe"), at: context.moment, into: &output)
        }
        var isRaw = false
        var file = folder.open(attribute)
        if place.bus == .iio, file == -hs_error_not_found {
            isRaw = true
            file = folder.open("in_" + place.channel + "_raw")
        }
        guard file >= 0 else { return finish(.failed(errno: -file), isRaw: isRaw, context, &output) }
        guard isSlow else { return finish(measured(file, &output), isRaw: isRaw, context, &output) }
        do throws(SourceError) {
            slowRead = (try SlowRead(closing: file, nowMilliseconds: context.moment.monotonicMilliseconds), isRaw)
        } catch {
            // A dozen thermometers are due at once, and a service may have fewer processes: the next is tried when others are done.
            if case .system(errno: POSIX_EAGAIN, step: _, path: _) = error {
                due = context.moment.monotonicMilliseconds + DeviceSource.crowdedMilliseconds
            } else {
                watch.take(.unreadable(error.message), at: context.moment, into: &output)
            }
        }
    }

    private var attribute: UTF8Text {
        switch place.bus {
        case .iio: "in_" + place.channel + "_input"
        case .hwmon: place.channel + "_input"
        case .w1: "w1_slave"
        }
    }

    /// Reads, and remembers when that took long.
    private func measured(_ file: Int32, _ output: inout SourceOutput) -> AttributeRead {
        let start = posix_monotonic_nanoseconds()
        let result = DeviceFolder.read(closing: file)
        let elapsed = posix_monotonic_nanoseconds() - start
        if elapsed > DeviceSource.slowNanoseconds {
            isSlow = true
            output.notices.append(SourceNotice(
                .notice, source: sensor, "reading took " + .decimal(elapsed / 1_000_000) + " ms: from now on a process of its own waits for it"))
        }
        return result
    }

    private func finish(_ result: AttributeRead, isRaw: Bool, _ context: SourceContext, _ output: inout SourceOutput) {
        watch.take(answer(result, isRaw: isRaw), at: context.moment, into: &output)
    }

    private func answer(_ result: AttributeRead, isRaw: Bool) -> DeviceAnswer {
        let text: [UInt8]
        switch result {
        case .text(let read): text = read
        case .failed(let errno):
            guard let folder, folder.isThere else {
                folder = nil
                return .absent(missing + " any more")
            }
            return errno == hs_error_not_found ? .unreadable("the device has no channel " + place.channel) : .failure(errno: errno)
        }
        if place.bus == .w1 { return W1Thermometer.answer(text) }
        guard isRaw else { return .number(text) { channel.value($0) } }
        guard let offset = setting("offset", or: .zero), let scale = setting("scale", or: .one)
        else { return .unreadable("offset or scale is no number") }
        return .number(text) { channel.value($0, offset: offset, scale: scale) }
    }

    /// Offset or scale: of the channel itself, else the one that all channels of its type share, else none.
    private func setting(_ kind: UTF8Text, or usual: DriverNumber) -> DriverNumber? {
        for name in [place.channel, KernelChannel.typeName(place.channel)] {
            if case .text(let text)? = folder?.read("in_" + name + "_" + kind) { return DriverNumber(text.span) }
        }
        return usual
    }

    // MARK: - Finding the device

    private var missing: UTF8Text { "no device " + place.device + (place.path.map { " at " + $0 } ?? "") + " in " + classPath }

    private var classPath: UTF8Text {
        switch place.bus {
        case .iio: place.sysfs + "/bus/iio/devices"
        case .hwmon: place.sysfs + "/class/hwmon"
        case .w1: place.sysfs + "/bus/w1/devices"
        }
    }

    /// Finds the device unless it is held already. What is in the way, if something is.
    private func bind() -> DeviceAnswer? {
        if folder?.isThere == true { return nil }
        folder = nil
        if place.bus == .w1 {
            folder = DeviceFolder(path: classPath + "/" + place.device)
        } else {
            switch DeviceFolder.find(
                in: classPath, prefix: place.bus == .iio ? "iio:device" : "hwmon", name: place.device, place: place.path)
            {
            case .found(let found): folder = found
            case .missing: break
            case .ambiguous(let places):
                return .unreadable("several devices are named " + place.device + "; set path to a part that only one has: " + places)
            }
        }
        return folder == nil ? .absent(missing + ": check wiring, driver and name") : nil
    }
}
