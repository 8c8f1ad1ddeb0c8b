bool SaveSafely(Document document, long fence, string text)
{
    lock (document)
    {
        if (fence < document.Fence)
        {
            return false;
        }

        document.Fence = fence;
        document.Text = text;
        return true;
    }
}
