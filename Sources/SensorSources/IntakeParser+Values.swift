import AttestationFormat
import LogisticsEvents

/// Single values of a line. Every error carries the key that the caller names.
extension IntakeParser {
    /// A string's text.
    func text(_ line: Span<UInt8>, _ token: Int, key: @autoclosure () -> UTF8Text) throws(EventError) -> UTF8Text {
        let value = json[token]
        guard case .string = value.kind else {
            throw EventError(.wrongType, key: key(), "text in quotes belongs here")
        }
        if value.hasEscapes { return try unescaped(line, value, key: key()) }
        // The scan has validated the bytes; the type validates them again, which costs little.
        guard let text = UTF8Text(validating: [UInt8](copying: line.extracting(value.range))) else {
            throw EventError(.wrongType, key: key(), "not UTF-8")
        }
        return text
    }

    private func unescaped(_ line: Span<UInt8>, _ value: JSONToken, key: UTF8Text) throws(EventError) -> UTF8Text {
        do throws(JSONFault) {
            if let text = UTF8Text(validating: try JSONGrammar.unescaped(line, value.range)) { return text }
        } catch {
            throw EventError(.wrongType, key: key, error.message)
        }
        throw EventError(.wrongType, key: key, "not UTF-8")
    }

    /// A checked identifier.
    func identifier(
        _ line: Span<UInt8>, _ token: Int, from start: Int = 0, key: @autoclosure () -> UTF8Text
    ) throws(EventError) -> Identifier {
        let value = json[token]
        guard case .string = value.kind else {
            throw EventError(.wrongType, key: key(), "an identifier in quotes belongs here")
        }
        // No identifier has a character that JSON must escape.
        guard !value.hasEscapes, value.range.count >= start else {
            throw EventError(.badIdentifier, key: key(), "write the identifier without escapes")
        }
        do throws(EventError) {
            return try Identifier(line.extracting(value.range.lowerBound + start..<value.range.upperBound))
        } catch {
            throw error.at(key())
        }
    }

    /// A number as a count of 10^-decimals, exactly.
    func number(
        _ line: Span<UInt8>, _ token: Int, decimals: UInt8, unit: FixedText, key: @autoclosure () -> UTF8Text
    ) throws(EventError) -> Int64 {
        let value = json[token]
        guard case .number = value.kind else {
            throw EventError(.wrongType, key: key(), "a number belongs here, without quotes")
        }
        do throws(FixedPoint.Failure) {
            return try FixedPoint.parse(line.extracting(value.range), decimals: decimals)
        } catch {
            throw IntakeParser.fault(error, decimals: decimals, unit: unit, key: key())
        }
    }

    private static func fault(
        _ failure: FixedPoint.Failure, decimals: UInt8, unit: FixedText, key: UTF8Text
    ) -> EventError {
        switch failure {
        case .notANumber:
            return EventError(.wrongType, key: key, "a number belongs here")
        case .outOfRange:
            return EventError(.outOfRange, key: key, "too large a number: the event holds 63 bits")
        case .tooPrecise:
            let digits: UTF8Text =
                decimals == 0 ? "whole numbers" : .decimal(Int64(decimals)) + " digits behind the point"
            let of: UTF8Text = unit.byteCount == 0 ? "" : " of " + unit.text
            return EventError(.tooPrecise, key: key, "at most " + digits + of + ": round it where it was measured")
        }
    }

    /// A whole number that is not negative.
    func unsigned(
        _ line: Span<UInt8>, _ token: Int, key: @autoclosure () -> UTF8Text
    ) throws(EventError) -> UInt64 {
        let value = try number(line, token, decimals: 0, unit: "", key: key())
        guard let result = UInt64(exactly: value) else {
            throw EventError(.outOfRange, key: key(), "0 or more belongs here")
        }
        return result
    }

    /// Bytes as hex digits.
    func bytes(_ line: Span<UInt8>, _ token: Int, key: @autoclosure () -> UTF8Text) throws(EventError) -> [UInt8] {
        let value = json[token]
        guard case .string = value.kind, value.range.count % 2 == 0 else {
            throw EventError(.wrongType, key: key(), "an even number of hex digits in quotes belongs here")
        }
        var result: [UInt8] = []
        var index = value.range.lowerBound
        while index < value.range.upperBound {
            guard let high = JSONGrammar.hexValue(line[index]), let low = JSONGrammar.hexValue(line[index + 1]) else {
                throw EventError(.wrongType, key: key(), "hex digits belong here")
            }
            result.append(high << 4 | low)
            index += 2
        }
        return result
    }

    /// Checks that a value is an array or object.
    func expect(_ kind: JSONToken.Kind, _ token: Int, key: @autoclosure () -> UTF8Text) throws(EventError) {
        guard json[token].kind == kind else {
            throw EventError(
                .wrongType, key: key(), kind == .array ? "a list [...] belongs here" : "an object {...} belongs here")
        }
    }

    /// `name[index]`, for errors.
    static func place(_ name: UTF8Text, _ index: Int) -> UTF8Text {
        name + "[" + .decimal(Int64(index)) + "]"
    }
}
