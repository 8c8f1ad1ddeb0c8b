using System.Globalization;
using System.Net.Sockets;
using System.Text;
using StackExchange.Redis;

namespace DistributedMutex.Workshop;

/// <summary>Whether the port of a Redis on this machine is free, or a Redis has it.</summary>
internal static class PortCheck
{
    public static async Task<DoctorFinding> CheckAsync(RedisSettings settings)
    {
        var subject = string.Create(CultureInfo.InvariantCulture, $"Port {settings.Port}");
        if (!RedisServer.IsThisMachine(settings.Host) || settings.Ssl)
        {
            return new(subject, DoctorState.Fine, settings.Ssl ? "not asked, since it speaks TLS" : $"on {settings.Host}, not on this machine");
        }

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(settings.Host, settings.Port, timeout.Token).ConfigureAwait(false);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray(), timeout.Token).ConfigureAwait(false);
            var reply = await new StreamReader(client.GetStream(), Encoding.ASCII).ReadLineAsync(timeout.Token).ConfigureAwait(false) ?? "";
            if (reply.StartsWith("+PONG", StringComparison.Ordinal) || reply.StartsWith("-NOAUTH", StringComparison.Ordinal))
            {
                RedisServer.Ask(settings);
                return new(subject, DoctorState.Fine, "a Redis has it that takes the password");
            }
        }
        catch (SocketException)
        {
            return new(subject, DoctorState.Fine, "free, for 'docker compose up -d' to use");
        }
        catch (RedisConnectionException e)
        {
            return new(subject, DoctorState.Optional, $"a Redis has it that cannot be used, and so 'docker compose up -d' cannot have it.", e.Message);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It took the connection and did not answer as a Redis does.
        }

        return new(subject, DoctorState.Optional, "something that is not Redis has it, so 'docker compose up -d' cannot.", "Stop it, or set another REDIS_PORT in .env.");
    }
}
