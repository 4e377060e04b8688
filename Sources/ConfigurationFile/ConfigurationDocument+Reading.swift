public import AttestationFormat
internal import SmallFiles

extension ConfigurationDocument {
    /// The most bytes of one file: a hundred times what every key with its comment takes.
    public static let fileByteLimit = 262_144
    /// The most drop-ins; more is a mistake, such as a folder full of something else.
    public static let dropInLimit = 64

    /// Reads `path` and then `<path>.d/*.conf`, sorted by name. What cannot be read becomes a problem.
    public static func read(_ path: UTF8Text) -> ConfigurationDocument {
        var document = ConfigurationDocument(path: path)
        document.addFile(path)
        guard document.problems.allSatisfy({ $0.code != .unreadable }) else {
            document.isReadable = false
            return document
        }
        let folder = path + ".d"
        do throws(FileError) {
            for name in try Folder.names(in: folder, suffix: "", limit: dropInLimit) {
                if name.bytes.suffix(5).elementsEqual(".conf".utf8) {
                    document.addFile(folder + "/" + name)
                } else if name.bytes.first != UInt8(ascii: "."), name.bytes.last != UInt8(ascii: "~") {
                    document.passedOver.append(folder + "/" + name)
                }
            }
        } catch {
            document.report(error, of: folder)
        }
        return document
    }

    private mutating func addFile(_ path: UTF8Text) {
        do throws(FileError) {
            add(try SmallFile.read(path, limit: ConfigurationDocument.fileByteLimit), of: path)
        } catch {
            report(error, of: path)
        }
    }

    private mutating func report(_ error: FileError, of path: UTF8Text) {
        let origin = ValueOrigin.file(path, line: 0)
        switch error.code {
        case .tooManyEntries:
            problems.append(ConfigurationProblem(
                .tooManyFiles, at: origin, "more than 64 files; keep only drop-ins (*.conf) in this folder"))
        case .tooLarge:
            problems.append(ConfigurationProblem(.unreadable, at: origin, "larger than 256 KiB; split it into drop-ins"))
        case .notRegular:
            problems.append(ConfigurationProblem(.unreadable, at: origin, "not a regular file; name the file itself"))
        default:
            let advice = error.isNotFound ? "; name it with --config FILE, or copy an example of Firmware-Config there" : ""
            problems.append(ConfigurationProblem(.unreadable, at: origin, UTF8Text(error.reason + advice)))
        }
    }
}
