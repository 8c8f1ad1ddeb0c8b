using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using StackExchange.Redis;

namespace DistributedMutex.Diagnostics;

/// <summary>
/// Says why a connection failed, in a message that says what to do and has the server's or the framework's own words. The
/// client says little more than that it failed, so the server is asked once again.
/// </summary>
internal static class ConnectionFailure
{
    private const string OwnConnection = "give RedisMutex a connection of your own";

    // What a server says before it looks at who asks.
    private static readonly string[] NotReady = ["LOADING", "BUSY", "MASTERDOWN"];

    /// <summary>The exception to throw instead of the client's.</summary>
    public static RedisConnectionException Explain(RedisSettings settings, RedisConnectionException failure)
    {
        var (type, text) = Ask(settings, failure);
        return New(settings, type, text, failure);
    }

    /// <summary>A host that can't be one is not even tried.</summary>
    public static RedisConnectionException Misread(RedisSettings settings, string expected) =>
        New(settings, ConnectionFailureType.UnableToConnect, $"cannot be reached. RedisSettings.Host must be {expected}.", null);

    private static RedisConnectionException New(RedisSettings settings, ConnectionFailureType type, string text, RedisConnectionException? failure) =>
        new(type, CommandFlags.None, $"Redis at {settings} {text}", failure, failure?.CommandStatus ?? CommandStatus.Unknown);

    private static (ConnectionFailureType Type, string Text) Ask(RedisSettings settings, RedisConnectionException failure)
    {
        try
        {
            using var probe = ServerProbe.Connect(settings.Host, settings.Port);
            return settings.Ssl ? AskInTls(probe, settings, failure) : AskPlainly(probe, settings, failure);
        }
        catch (SocketException e)
        {
            return (ConnectionFailureType.UnableToConnect, e.SocketErrorCode switch
            {
                SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => $"cannot be reached. No host of that name is known here. Check REDIS_HOST. The system says {Quote(e.Message)}.",
                SocketError.TimedOut => "cannot be reached. Nobody answers at that address. Are REDIS_HOST and REDIS_PORT right, and does a firewall let you through?",
                _ => $"cannot be reached. Is it running, and are REDIS_HOST and REDIS_PORT right? The system says {Quote(e.Message)}.",
            });
        }
        catch (IOException e)
        {
            var isSilent = e.InnerException is SocketException { SocketErrorCode: SocketError.TimedOut or SocketError.WouldBlock };
            return (ConnectionFailureType.UnableToConnect, isSilent
                ? "cannot be reached. Something takes connections there and does not answer: a server that is stopped or very busy, or no Redis."
                : $"cannot be reached. The connection broke off: {Quote(e.Message)}.");
        }
    }

    private static (ConnectionFailureType Type, string Text) AskPlainly(ServerProbe probe, RedisSettings settings, RedisConnectionException failure)
    {
        // A TLS server answers with an alert, record type 21, or not at all.
        var reply = probe.Ask("PING");
        if (reply is null || reply.StartsWith('\u0015'))
        {
            return (ConnectionFailureType.UnableToConnect, SpeaksTls(settings) ? "speaks TLS only. Set REDIS_SSL=true, or name its port without TLS."
                : "cannot be reached. Something takes connections there and closes them without an answer. Check REDIS_PORT: is it Redis that listens there?");
        }

        return AskForEntry(probe, reply, settings, failure);
    }

    private static (ConnectionFailureType Type, string Text) AskInTls(ServerProbe probe, RedisSettings settings, RedisConnectionException failure)
    {
        try
        {
            probe.StartTls(settings.Host);
            if (probe.Ask("PING") is { } reply)
            {
                return AskForEntry(probe, reply, settings, failure);
            }
        }
        catch (AuthenticationException) when (probe.CertificateErrors != SslPolicyErrors.None)
        {
            return (ConnectionFailureType.AuthenticationFailure, JudgeCertificate(probe, settings));
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            if (SpeaksPlainly(settings))
            {
                return (ConnectionFailureType.UnableToConnect, "speaks no TLS. Set REDIS_SSL=false, or name its TLS port.");
            }

            if (e is IOException { InnerException: SocketException })
            {
                throw;
            }

            return (ConnectionFailureType.AuthenticationFailure,
                $"cannot be spoken to in TLS. Are REDIS_HOST, REDIS_PORT and REDIS_SSL right? If it asks for a certificate of the client, {OwnConnection}. The framework says {Quote(e.Message)}.");
        }

        return (ConnectionFailureType.AuthenticationFailure, $"breaks off after the TLS handshake. If it asks for a certificate of the client, {OwnConnection}.");
    }

    private static string JudgeCertificate(ServerProbe probe, RedisSettings settings)
    {
        var words = $" The framework says {Quote(probe.CertificateWords)}.";
        var isOfAnother = probe.CertificateErrors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? $"shows a certificate that is for {string.Join(", ", probe.CertificateNames.Select(Quote))}, not for '{settings.Host}'. Set REDIS_HOST to a name that it is for." : null;
        var isUntrusted = probe.CertificateErrors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)
            ? $"shows a certificate that is not trusted here. Let the machine trust its issuer (on Linux SSL_CERT_FILE can name a file of those to trust), or {OwnConnection}." : null;
        return (isOfAnother, isUntrusted) switch
        {
            (not null, not null) => $"{isOfAnother} It also {isUntrusted}{words}",
            (null, null) => $"shows no certificate.{words}",
            _ => $"{isOfAnother ?? isUntrusted}{words}",
        };
    }

    // The reply to PING came before any password was sent, the rest as the client does it.
    private static (ConnectionFailureType Type, string Text) AskForEntry(ServerProbe probe, string reply, RedisSettings settings, RedisConnectionException failure)
    {
        if (!reply.StartsWith('+') && !reply.StartsWith('-'))
        {
            return (ConnectionFailureType.UnableToConnect, $"is no Redis: it answers {Quote(reply)}. Check REDIS_PORT.");
        }

        if (Refusal(reply, settings) is { } refused)
        {
            return refused;
        }

        if (settings.Password is { Length: > 0 } password)
        {
            reply = (settings.User is { } user ? probe.Ask("AUTH", user, password) : probe.Ask("AUTH", password)) ?? "";

            // The client is content with a server that wants no password.
            if (reply.StartsWith('-') && !reply.Contains("called without any password", StringComparison.Ordinal) && !reply.Contains("no password is set", StringComparison.Ordinal))
            {
                // A server that repeats what it was told must not bring the password into a log.
                var words = Quote(reply[1..].Replace(password, "…", StringComparison.Ordinal));
                return (ConnectionFailureType.AuthenticationFailure, $"refuses the password. Check REDIS_PASSWORD and REDIS_USER. It says {words}.{Oddity(password)}");
            }
        }

        // What the client sends to see that it is understood.
        reply = probe.Ask("ECHO", "here") ?? "";
        return Refusal(reply, settings)
            ?? (failure.FailureType, $"could not be connected to, and yet it answers now. Try again; this machine or the server may have been too busy. The client says {Quote((failure.InnerException ?? failure).Message)}.");
    }

    private static (ConnectionFailureType Type, string Text)? Refusal(string reply, RedisSettings settings)
    {
        var words = Quote(reply.Length > 0 ? reply[1..] : "");
        return !reply.StartsWith('-') ? null
            : reply.StartsWith("-NOAUTH", StringComparison.Ordinal) ? string.IsNullOrEmpty(settings.Password) ? (ConnectionFailureType.AuthenticationFailure, "asks for a password. Set REDIS_PASSWORD.") : null
            : reply.StartsWith("-NOPERM", StringComparison.Ordinal) ? (ConnectionFailureType.AuthenticationFailure, $"does not let the user '{settings.User ?? "default"}' do what it takes to connect, +echo at least. It says {words}.")
            : reply.StartsWith("-DENIED", StringComparison.Ordinal) ? (ConnectionFailureType.AuthenticationFailure, $"takes no clients from other machines. It says {words}.")
            : reply.Contains("max number of clients", StringComparison.Ordinal) ? (ConnectionFailureType.UnableToConnect, $"has as many clients as it may. Close some, or raise its maxclients. It says {words}.")
            : NotReady.Any(word => reply.StartsWith('-' + word, StringComparison.Ordinal)) ? (ConnectionFailureType.Loading, $"is not ready. Try again later. It says {words}.")
            : (ConnectionFailureType.UnableToConnect, $"refuses. It says {words}.");
    }

    private static string Oddity(string password) =>
        password.Trim() != password ? " The password begins or ends with white space, which counts."
        : password is ['"', .., '"'] or ['\'', .., '\''] ? " The password is in quotes, which count: what set the variable has left them there."
        : "";

    private static bool SpeaksTls(RedisSettings settings) => Try(settings, probe =>
    {
        try
        {
            probe.StartTls(settings.Host);
            return true;
        }
        catch (AuthenticationException)
        {
            return probe.CertificateErrors != SslPolicyErrors.None;
        }
    });

    private static bool SpeaksPlainly(RedisSettings settings) => Try(settings, probe => probe.Ask("PING") is ['+' or '-', ..]);

    private static bool Try(RedisSettings settings, Func<ServerProbe, bool> question)
    {
        try
        {
            using var probe = ServerProbe.Connect(settings.Host, settings.Port);
            return question(probe);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException)
        {
            return false;
        }
    }

    // One line, without what a terminal would take for orders, and not a page of it.
    private static string Quote(string words)
    {
        const int Longest = 200;
        var line = new string([.. words.Trim().TrimEnd('.').Select(character => char.IsControl(character) ? ' ' : character)]);
        return $"\"{(line.Length > Longest ? line[..Longest] + "…" : line)}\"";
    }
}
