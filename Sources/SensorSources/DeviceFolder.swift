import AttestationFormat
import CPosixShims

/// What reading an attribute gave.
enum AttributeRead: Equatable {
    /// Everything in the file.
    case text([UInt8])
    /// The system's errno; 0 where a reader could not tell it.
    case failed(errno: Int32)
}

/// One device's folder in sysfs, held open. Numbers such as `hwmon2` are given out anew after a replug, folders are not: of a
/// device that is gone nothing can be read through this, whatever else has its number by then.
final class DeviceFolder {
    /// Attributes are single lines, `w1_slave` two of 40 bytes.
    private static let attributeByteCount = 256

    private let descriptor: Int32

    /// Nil when there is no such folder.
    init?(path: UTF8Text) {
        descriptor = posix_folder_open(path.cString, false)
        guard descriptor >= 0 else { return nil }
    }

    deinit {
        if descriptor >= 0 { _ = posix_file_close(descriptor) }
    }

    /// Opens an attribute without waiting: a descriptor, or a negated errno.
    func open(_ name: UTF8Text) -> Int32 { posix_file_open_at(descriptor, name.cString, POSIX_FILE_READ) }

    /// Reads an attribute.
    func read(_ name: UTF8Text) -> AttributeRead {
        let file = open(name)
        return file < 0 ? .failed(errno: -file) : DeviceFolder.read(closing: file)
    }

    /// Reads an open attribute from its start, and closes it.
    static func read(closing file: Int32) -> AttributeRead {
        var bytes = [UInt8](repeating: 0, count: attributeByteCount)
        let count = posix_file_read_at(file, &bytes, bytes.count, 0)
        _ = posix_file_close(file)
        guard count >= 0 else { return .failed(errno: Int32(truncatingIfNeeded: -count)) }
        bytes.removeLast(bytes.count - Int(count))
        return .text(bytes)
    }

    /// Whether the device is still there.
    var isThere: Bool {
        if case .text = read("name") { return true }
        return false
    }
}

/// What looking for a device found.
enum DeviceSearch {
    case found(DeviceFolder)
    case missing
    /// Several devices fit; where they hang.
    case ambiguous(UTF8Text)
}

extension DeviceFolder {
    /// More devices of one class than any gateway has.
    private static let maximumDeviceCount = 128

    /// Finds the one device of a class by its driver's name and, where that is not enough, by its place on the buses.
    ///
    /// - Parameter place: consecutive parts of the device's path, such as `i2c-1/1-0044`.
    static func find(in classPath: UTF8Text, prefix: UTF8Text, name: UTF8Text, place: UTF8Text?) -> DeviceSearch {
        var found: DeviceFolder?
        var places: UTF8Text = ""
        var count = 0
        for entry in entries(of: classPath) where entry.hasPrefix(prefix) {
            let path = classPath + "/" + entry
            guard let folder = DeviceFolder(path: path), case .text(let text) = folder.read("name"), HealthText.line(text) == name.bytes else { continue }
            let target = linkTarget(path)
            if let place, !hasParts(place, in: target) { continue }
            found = folder
            places = places + (count == 0 ? "" : ", ") + target
            count += 1
        }
        guard let found else { return .missing }
        return count == 1 ? .found(found) : .ambiguous(places)
    }

    /// Whether `parts` stand in the path as whole, consecutive parts: `1-004` is no part of `i2c-1/1-0044`.
    static func hasParts(_ parts: UTF8Text, in path: UTF8Text) -> Bool {
        let slash = UInt8(ascii: "/")
        let wanted = [slash] + parts.bytes + [slash]
        let whole = [slash] + path.bytes + [slash]
        guard whole.count >= wanted.count else { return false }
        return (0...whole.count - wanted.count).contains { whole[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }

    private static func entries(of path: UTF8Text) -> [UTF8Text] {
        let folder = posix_folder_open(path.cString, false)
        guard folder >= 0 else { return [] }
        defer { _ = posix_file_close(folder) }
        var error: Int32 = 0
        guard let listing = posix_listing_open(folder, &error) else { return [] }
        defer { posix_listing_close(listing) }
        var names: [UTF8Text] = []
        var name = [CChar](repeating: 0, count: 256)
        while names.count < maximumDeviceCount {
            let length = Int(posix_listing_next(listing, &name, name.count))
            guard length > 0 else { break }
            if let text = UTF8Text(validating: name[..<length].map { UInt8(bitPattern: $0) }) { names.append(text) }
        }
        return names
    }

    /// Where the class's entry points to: the device's path. Empty for what is no link.
    private static func linkTarget(_ path: UTF8Text) -> UTF8Text {
        var bytes = [UInt8](repeating: 0, count: 512)
        let length = posix_link_read(path.cString, &bytes, bytes.count)
        guard length > 0 else { return "" }
        return UTF8Text(validating: Array(bytes[..<length])) ?? ""
    }
}
